//! One segment as a text file: what is said of it between two lines of `---`, then its rule.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use segops_engine::{folder_path, view};
use segops_model::fold_case;
use segops_rules::{Named, Rule, format_lines, parse};

const FENCE: &str = "---";
const FIELDS: &[&str] = &["name", "description", "owner", "folder", "tags", "state"];

/// A segment as its file has it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct SegmentFile {
    pub(super) name: String,
    pub(super) description: String,
    /// Nobody in particular where it is left out: then whoever owns it goes on to.
    pub(super) owner: Option<String>,
    pub(super) folder: String,
    pub(super) tags: BTreeSet<String>,
    pub(super) state: view::Lifecycle,
    pub(super) rule: Rule<Named>,
}

impl SegmentFile {
    /// Reads a file's text; everything that is wrong with it comes at once.
    pub(super) fn read(text: &str) -> Result<Self, Vec<String>> {
        let Some((head, rule)) = split(text) else {
            return Err(vec![format!(
                "it does not start with what is said of the segment: `{FENCE}`, `name: ...`, `{FENCE}`, then the rule"
            )]);
        };
        let mut problems = Vec::new();
        let mut file = Self {
            name: String::new(),
            description: String::new(),
            owner: None,
            folder: String::new(),
            tags: BTreeSet::new(),
            state: view::Lifecycle::Live,
            rule: parse("everyone where did any event").map_err(|_| Vec::new())?,
        };
        for (field, value) in fields(head, &mut problems) {
            file.take(&field, &value, &mut problems);
        }
        if file.name.is_empty() {
            problems.push("it has no `name: ...`".to_owned());
        }
        match parse(rule) {
            Ok(rule) => file.rule = rule,
            Err(found) => problems.extend(found.iter().map(|problem| problem.report(rule))),
        }
        if problems.is_empty() { Ok(file) } else { Err(problems) }
    }

    fn take(&mut self, field: &str, value: &str, problems: &mut Vec<String>) {
        match field {
            "name" => value.clone_into(&mut self.name),
            "description" => value.clone_into(&mut self.description),
            "owner" => self.owner = Some(value.to_owned()).filter(|owner| !owner.is_empty()),
            "folder" => self.folder = folder_path(value),
            "tags" => {
                let tags = value.split(',').map(str::trim).filter(|tag| !tag.is_empty());
                self.tags = tags.map(str::to_owned).collect();
            }
            "state" => match value {
                "draft" => self.state = view::Lifecycle::Draft,
                "live" | "" => self.state = view::Lifecycle::Live,
                "archived" => self.state = view::Lifecycle::Archived,
                other => problems.push(format!("the state `{other}` is none of draft, live and archived")),
            },
            other => problems.push(format!("there is no `{other}`; expected one of {}", FIELDS.join(", "))),
        }
    }

    pub(super) fn of(segment: &view::Segment) -> Result<Self, Vec<String>> {
        let rule = segops_rules::from_json_value(segment.rule.clone())
            .map_err(|problems| problems.iter().map(ToString::to_string).collect::<Vec<_>>())?;
        Ok(Self {
            name: segment.name.clone(),
            description: segment.description.clone(),
            owner: Some(segment.owner.clone()).filter(|owner| !owner.is_empty()),
            folder: segment.folder.clone(),
            tags: segment.tags.iter().cloned().collect(),
            state: segment.state,
            rule,
        })
    }

    /// The file's text, which reads as the same segment.
    pub(super) fn write(&self) -> String {
        let tags: Vec<&str> = self.tags.iter().map(String::as_str).collect();
        let mut text = format!("{FENCE}\n");
        let fields = [
            ("name", self.name.as_str()),
            ("description", self.description.as_str()),
            ("owner", self.owner.as_deref().unwrap_or_default()),
            ("folder", self.folder.as_str()),
            ("tags", &tags.join(", ")),
            ("state", self.state.word()),
        ];
        for (name, value) in fields.into_iter().filter(|(_, value)| !value.is_empty()) {
            // Further lines of a value are indented.
            let _ = writeln!(text, "{name}: {}", value.replace('\n', "\n  "));
        }
        let _ = writeln!(text, "{FENCE}\n{}", format_lines(&self.rule));
        text
    }

    /// Where a new file for it goes: its folder's path, and its name, in letters that every disk has.
    pub(super) fn usual_place(&self) -> String {
        let parts = self.folder.split('/').chain([self.name.as_str()]).map(slug);
        format!("{}.segment", parts.filter(|part| !part.is_empty()).collect::<Vec<_>>().join("/"))
    }
}

/// The head and the rule.
fn split(text: &str) -> Option<(&str, &str)> {
    let text = text.trim_start_matches('\u{feff}').trim_start();
    let rest = text.strip_prefix(FENCE)?.trim_start_matches([' ', '\r']).strip_prefix('\n')?;
    let mut start = 0;
    for line in rest.split_inclusive('\n') {
        if line.trim_end() == FENCE {
            return Some((rest.get(..start)?, rest.get(start + line.len()..)?));
        }
        start += line.len();
    }
    None
}

/// The fields with their values; a line that is indented belongs to the value before it.
fn fields(head: &str, problems: &mut Vec<String>) -> Vec<(String, String)> {
    let mut fields: Vec<(String, String)> = Vec::new();
    for line in head.lines().filter(|line| !line.trim_start().starts_with('#')) {
        if let (Some(more), Some((_, value))) = (line.strip_prefix("  "), fields.last_mut()) {
            value.push('\n');
            value.push_str(more.trim_end());
            continue;
        }
        match line.split_once(':') {
            Some((field, value)) => {
                let field = fold_case(field.trim()).into_owned();
                if fields.iter().any(|(held, _)| *held == field) {
                    problems.push(format!("`{field}` is said twice"));
                }
                fields.push((field, value.trim().to_owned()));
            }
            None if line.trim().is_empty() => {}
            None => problems.push(format!("`{}` is no field; write `field: value`", line.trim())),
        }
    }
    fields
}

fn slug(text: &str) -> String {
    let mut slug = String::new();
    for character in text.chars().flat_map(char::to_lowercase) {
        if character.is_alphanumeric() {
            slug.push(character);
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    slug.trim_end_matches('-').to_owned()
}
