//! One derived event as a text file: its name between two lines of `---`, then what it is made of.

use segops_model::Limits;
use segops_rules::{DerivedDefinition, Named, parse_derived};

use super::file::{FENCE, fields, slug, split};

/// How the name of a derived event's file ends.
pub(super) const EXTENSION: &str = "derived-event";
/// The folder that new files go to.
const FOLDER: &str = "derived-events";

/// A derived event as its file has it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct DerivedFile {
    pub(super) name: String,
    pub(super) definition: DerivedDefinition<Named>,
}

impl DerivedFile {
    /// Reads a file's text; everything that is wrong with it comes at once.
    pub(super) fn read(text: &str) -> Result<Self, Vec<String>> {
        let Some((head, definition)) = split(text) else {
            return Err(vec![format!(
                "it does not start with the derived event's name: `{FENCE}`, `name: ...`, `{FENCE}`, then what it is made of"
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
        match parse_derived(definition, &Limits::default()) {
            Ok(definition) if problems.is_empty() => Ok(Self { name, definition }),
            Ok(_) => Err(problems),
            Err(found) => {
                problems.extend(found.iter().map(|problem| problem.report(definition)));
                Err(problems)
            }
        }
    }

    /// The text of a file that reads as a derived event of this name and definition.
    pub(super) fn text(name: &str, definition: &str) -> String {
        format!("{FENCE}\nname: {name}\n{FENCE}\n{definition}\n")
    }

    /// Where a new file goes, in letters that every disk has.
    pub(super) fn usual_place(name: &str) -> String {
        format!("{FOLDER}/{}.{EXTENSION}", slug(name))
    }
}
