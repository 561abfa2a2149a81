use expect_test::expect;

use super::{ordered, tell};

#[test]
fn numbers_with_their_parts() {
    let story = ordered(&["2026-08-12", "2026-09-03", "2026-09-30"]);
    tell(r#"computed "average order value" >= 99.5"#, &story, &expect![""]);
    tell(r#"not computed "average order value" between 50 and 150"#, &story, &expect![""]);
    tell(
        r#"computed "against before" < 0.5"#,
        &ordered(&["2026-08-12", "2026-08-13", "2026-09-30"]),
        &expect![""],
    );
    tell(r#"computed "against before" exists"#, &ordered(&["2026-09-30"]), &expect![""]);
}

#[test]
fn chosen_values() {
    let story = ordered(&["2026-08-12", "2026-09-03", "2026-09-30"]);
    tell(r#"computed "favourite" is "Shoes""#, &story, &expect![""]);
    tell(r#"computed "favourite" in ("hats", "bags")"#, &story, &expect![""]);
    tell(r#"computed "favourite" exists"#, &ordered(&["2025-08-12"]), &expect![""]);
}
