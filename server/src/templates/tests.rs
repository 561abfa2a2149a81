use std::collections::{BTreeMap, BTreeSet};

use super::{FILES, template, templates};

#[test]
fn every_file_is_a_template() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/templates");
    let files: BTreeSet<String> = std::fs::read_dir(folder)
        .expect("the folder")
        .map(|entry| entry.expect("a file").file_name().to_string_lossy().replace(".segment", ""))
        .collect();
    let listed: BTreeSet<String> = FILES.iter().map(|(id, _)| (*id).to_owned()).collect();
    assert_eq!(files, listed);
    let templates = templates();
    assert_eq!(templates.len(), listed.len(), "a file is not understood");
    assert!(templates.len() >= 50);
    let names: BTreeSet<&str> = templates.iter().map(|template| template.name.as_str()).collect();
    assert_eq!(names.len(), templates.len(), "two have one name");
    for template in &templates {
        let texts = [&template.name, &template.group, &template.description, &template.why];
        assert!(texts.iter().all(|text| !text.is_empty()), "{}", template.id);
        let canonical = segops_rules::parse(&template.default_rule)
            .map(|rule| segops_rules::format(&rule))
            .unwrap_or_else(|problems| panic!("{}: {problems:#?}", template.id));
        assert!(!canonical.contains("{{"), "{canonical}");
        for parameter in &template.parameters {
            assert!(template.rule.contains(&format!("{{{{{}}}}}", parameter.name)), "{}", template.id);
        }
    }
}

#[test]
fn parameters_take_values_that_stay_values() {
    let values = |pairs: &[(&str, &str)]| -> BTreeMap<String, String> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    };
    let repeat = template("Repeat-Customers").expect("a template");
    assert_eq!(
        repeat.filled(&values(&[("orders", "3")])).as_deref(),
        Ok("did \"Order Completed\" >= 3 times")
    );
    let wrong = repeat.filled(&values(&[("orders", "3 times or did X")])).expect_err("no number");
    assert!(wrong.contains("is a number"), "{wrong}");
    let wrong = repeat.filled(&values(&[("times", "3")])).expect_err("no parameter");
    assert!(wrong.contains("it has orders"), "{wrong}");
    let category = template("category-buyers").expect("a template");
    let rule = category.filled(&values(&[("category", "Hats\" or did \"X")])).expect("a rule");
    let read = segops_rules::parse(&rule).expect("a rule");
    assert!(matches!(read.when, segops_rules::Condition::Event(_)), "{rule}");
    assert!(template("nothing").is_err());
}
