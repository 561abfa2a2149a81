//! Ways to ask for a score, and traits that are called so.

use crate::parse;

#[track_caller]
fn check(text: &str, canonical: &str) {
    let rule = parse(text).unwrap_or_else(|problems| panic!("{}", problems[0].report(text)));
    assert_eq!(rule.to_string(), canonical);
    assert_eq!(parse(canonical).as_ref(), Ok(&rule), "the canonical text is another rule");
}

#[test]
fn comparisons() {
    for (written, canonical) in [
        (">= 0.7", "score churn_risk >= 0.7"),
        ("is at least 0.7", "score churn_risk >= 0.7"),
        ("at most 0.7", "score churn_risk <= 0.7"),
        ("is above 0.7", "score churn_risk > 0.7"),
        ("higher than 0.7", "score churn_risk > 0.7"),
        ("below 0.7", "score churn_risk < 0.7"),
        ("is less than 0.7", "score churn_risk < 0.7"),
        ("is 5", "score churn_risk = 5"),
        ("equals 5", "score churn_risk = 5"),
        ("= \"5\"", "score churn_risk = 5"),
        ("!= 5", "not score churn_risk = 5"),
        ("is not 5", "not score churn_risk = 5"),
        ("between 0.2 and 0.7", "score churn_risk between 0.2 and 0.7"),
        ("is not between 0.2 and 0.7", "not score churn_risk between 0.2 and 0.7"),
        ("exists", "score churn_risk exists"),
        ("does not exist", "not score churn_risk exists"),
        ("is in the next 7 days", "score churn_risk in next 7 days"),
        ("is not today", "not score churn_risk today"),
        ("on 2026-03-01", "score churn_risk on 2026-03-01"),
        ("at least 30 days ago", "score churn_risk at least 30 days ago"),
        ("in top 10%", "top 10% by score churn_risk"),
        ("is in the bottom 5%", "bottom 5% by score churn_risk"),
    ] {
        check(&format!("score churn_risk {written}"), canonical);
    }
}

#[test]
fn names_that_would_read_as_more_are_in_quotes() {
    check(r#"score "was" > 1"#, r#"score "was" > 1"#);
    check(r#"score "churn risk" > 1"#, r#"score "churn risk" > 1"#);
    check("score affinity.shoes > 1", "score affinity.shoes > 1");
}

#[test]
fn a_trait_may_be_called_score() {
    check("score >= 5", r#""score" >= 5"#);
    check("score is 5", r#""score" is 5"#);
    check(r#"score changed to 5"#, r#""score" changed to 5"#);
    check(r#"score was 5 on 2026-03-01"#, r#""score" was 5 on 2026-03-01"#);
    check("trait score exists", r#""score" exists"#);
    check("top 10% by trait score", "top 10% by trait score");
    check("did A where (x is 1 and score >= 5)", r#"did "A" where (x is 1 and score >= 5)"#);
}
