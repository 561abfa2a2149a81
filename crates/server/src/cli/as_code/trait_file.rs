//! One computed trait as a text file: its name between two lines of `---`, then what it is made of.

use segops_model::Limits;
use segops_rules::{ComputedDefinition, Named, parse_definition};

use super::file::{FENCE, fields, slug, split};

/// How the name of a computed trait's file ends.
pub(super) const EXTENSION: &str = "computed-trait";
/// The folder that new files go to.
const FOLDER: &str = "computed-traits";

/// A computed trait as its file has it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct TraitFile {
    pub(super) name: String,
    pub(super) definition: ComputedDefinition<Named>,
}

impl TraitFile {
    /// Reads a file's text; everything that is wrong with it comes at once.
    pub(super) fn read(text: &str) -> Result<Self, Vec<String>> {
        let Some((head, definition)) = split(text) else {
            return Err(vec![format!(
                "it does not start with the computed trait's name: `{FENCE}`, `name: ...`, `{FENCE}`, then what it is made of"
            )]);
        };
        let mut problems = Vec::new();
        let mut name = String::new();
        for (field, value) in fields(head, &mut problems) {
            match field.as_str() {
                "name" => name = value,
                other => problems.push(format!("there is no `{other}`; expected `name`")),
            }
        }
        if name.is_empty() {
            problems.push("it has no `name: ...`".to_owned());
        }
        let definition = definition.trim();
        match parse_definition(definition, &Limits::default()) {
            Ok(definition) if problems.is_empty() => Ok(Self { name, definition }),
            Ok(_) => Err(problems),
            Err(found) => {
                problems.extend(found.iter().map(|problem| problem.report(definition)));
                Err(problems)
            }
        }
    }

    /// The text of a file that reads as a computed trait of this name and definition.
    pub(super) fn text(name: &str, definition: &str) -> String {
        format!("{FENCE}\nname: {name}\n{FENCE}\n{definition}\n")
    }

    /// Where a new file goes, in letters that every disk has.
    pub(super) fn usual_place(name: &str) -> String {
        format!("{FOLDER}/{}.{EXTENSION}", slug(name))
    }
}
