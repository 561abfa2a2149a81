//! One definition as a text file: its name between two lines of `---`, then what it is made of.

use segops_model::Limits;

use super::file::{FENCE, fields, slug, split};
use crate::cli::definition::{Defined, Kind};

/// A definition as its file has it.
#[derive(Debug, Clone)]
pub(super) struct DefinitionFile<K: Kind> {
    pub(super) name: String,
    pub(super) definition: K::Definition,
}

impl<K: Kind> DefinitionFile<K> {
    /// Reads a file's text; everything that is wrong with it comes at once.
    pub(super) fn read(text: &str) -> Result<Self, Vec<String>> {
        let Some((head, definition)) = split(text) else {
            return Err(vec![format!(
                "it does not start with the {}'s name: `{FENCE}`, `name: ...`, `{FENCE}`, then what it is made of",
                K::WHAT
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
        match K::parse(definition, &Limits::default()) {
            Ok(definition) if problems.is_empty() => Ok(Self { name, definition }),
            Ok(_) => Err(problems),
            Err(found) => {
                problems.extend(found.iter().map(|problem| problem.report(definition)));
                Err(problems)
            }
        }
    }
}

/// The text of a file that reads as a definition of the workspace.
pub(super) fn text_of<K: Kind>(defined: &Defined<K>) -> String {
    format!("{FENCE}\nname: {}\n{FENCE}\n{}\n", defined.name, defined.definition)
}

/// Where a new file goes, in letters that every disk has.
pub(super) fn usual_place<K: Kind>(name: &str) -> String {
    format!("{}/{}.{}", K::PLURAL, slug(name), K::EXTENSION)
}
