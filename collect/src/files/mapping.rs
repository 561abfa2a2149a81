use std::str::FromStr;

use segops_model::{EventKind, Object};
use serde::{Deserialize, Serialize};

use super::ImportError;

/// How a file's rows become events. `docs/import.md` is the reference, with examples.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Mapping {
    /// Scopes the message ids made from `id_columns`: two imports under one name share them.
    pub name: String,
    pub format: Format,
    pub delimiter: Delimiter,
    /// Whether the first row names the columns. Without a header `columns` must.
    pub header: bool,
    /// The columns' names, in place of the header's.
    pub columns: Vec<String>,
    /// What a cell holds where it holds nothing, beside blank: `NULL`, `nan`.
    pub missing: Vec<String>,
    /// Whether `1.234,50` is how the file writes 1234.5.
    pub decimal_comma: bool,
    /// The IANA name of the zone of times that have no offset.
    pub zone: String,
    #[serde(rename = "type")]
    pub kind: EventKind,
    pub event: Option<EventName>,
    pub time: Option<TimeColumns>,
    pub identifiers: Vec<IdentifierColumn>,
    pub properties: Vec<PropertyColumn>,
    pub traits: Vec<PropertyColumn>,
    /// Columns of one line item; together, rows of a group make `products`.
    pub items: Vec<PropertyColumn>,
    pub sums: Vec<Sum>,
    /// Properties that every event has.
    pub constants: Object,
    /// The columns whose values make the message id, so that a second import changes nothing.
    pub id_columns: Vec<String>,
    /// The columns that rows of one event share.
    pub group_rows_by: Vec<String>,
    /// Whether rows of one group may be anywhere in the file; they are gathered in memory.
    pub scattered: bool,
    /// What becomes of columns that the mapping does not name.
    pub rest: Rest,
}

impl Default for Mapping {
    fn default() -> Self {
        Self {
            name: String::new(),
            format: Format::Csv,
            delimiter: Delimiter::Auto,
            header: true,
            columns: Vec::new(),
            missing: Vec::new(),
            decimal_comma: false,
            zone: "UTC".to_owned(),
            kind: EventKind::Track,
            event: None,
            time: None,
            identifiers: Vec::new(),
            properties: Vec::new(),
            traits: Vec::new(),
            items: Vec::new(),
            sums: Vec::new(),
            constants: Object::new(),
            id_columns: Vec::new(),
            group_rows_by: Vec::new(),
            scattered: false,
            rest: Rest::Ignore,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    Csv,
    /// A column is a path into the line's object: `customer.id`.
    Ndjson,
}

/// What stands between two cells: `auto`, `whitespace` (any run of it), or one ASCII character.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Delimiter {
    /// Of comma, semicolon, tab and bar, the one that the first line has most of.
    Auto,
    Whitespace,
    Byte(u8),
}

/// The event's name: `name` alone, the text of `column`, or the first case that the text of `column` fits.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EventName {
    /// The name of every event; with a column, of those that fit no case.
    pub name: Option<String>,
    pub column: Option<String>,
    pub cases: Vec<EventCase>,
}

/// Exactly one of `equals` and `starts_with`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EventCase {
    pub equals: Option<String>,
    pub starts_with: Option<String>,
    pub name: String,
}

/// The columns that together, with a space between them, are the time.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TimeColumns {
    pub columns: Vec<String>,
    /// `strptime` formats, the first that fits; none for ISO 8601 and epoch seconds or milliseconds.
    pub formats: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IdentifierColumn {
    pub column: String,
    pub kind: String,
    /// Whether a number that went through a spreadsheet or a data frame is meant: `13085.0` is `13085`.
    #[serde(default)]
    pub numeric: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PropertyColumn {
    pub column: String,
    /// The property's path, such as `address.city`; the column's own name where it is left out.
    #[serde(default)]
    pub property: Option<String>,
    #[serde(default, rename = "type")]
    pub value_type: ValueType,
    /// For dates: a `strptime` format.
    #[serde(default)]
    pub format: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ValueType {
    /// A number where it reads as one and would be written the same way, else text: `007` stays text.
    #[default]
    Auto,
    Text,
    Number,
    Boolean,
    Date,
}

/// A property that is the sum, over the line items, of the product of some of their numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sum {
    pub property: String,
    /// Properties of the line items: `["price", "quantity"]`.
    pub multiply: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rest {
    Ignore,
    Properties,
}

impl Mapping {
    /// Reads a mapping from TOML, or from JSON where the text starts with `{`.
    ///
    /// # Errors
    /// The first thing that is no mapping, with its place.
    pub fn parse(text: &str) -> Result<Self, ImportError> {
        if text.trim_start().starts_with('{') {
            serde_json::from_str(text).map_err(|error| ImportError::Syntax(error.to_string()))
        } else {
            toml::from_str(text).map_err(|error| ImportError::Syntax(error.to_string()))
        }
    }

    /// What is legal and probably not meant; for the import's report.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        if self.id_columns.is_empty() {
            warnings.push(
                "no `id_columns`: an event's id is the file's hash and its row, so the same rows in a changed \
                 file would count again"
                    .to_owned(),
            );
        }
        if self.time.is_none() {
            warnings.push("no `time`: every event takes place at the instant of its import".to_owned());
        }
        warnings
    }

    /// Everything wrong that shows without the file.
    pub(super) fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        let mut expect = |holds: bool, problem: &str| {
            if !holds {
                problems.push(problem.to_owned());
            }
        };
        expect(
            self.header || !self.columns.is_empty() || self.format == Format::Ndjson,
            "without a header, `columns` must name the columns",
        );
        expect(!self.identifiers.is_empty(), "`identifiers` is empty; name the columns that say who did it");
        expect(
            self.id_columns.is_empty() || !self.name.trim().is_empty(),
            "`id_columns` needs `name`, which keeps these ids apart from other imports'",
        );
        expect(
            !matches!(self.kind, EventKind::Group | EventKind::Alias),
            "`type` is track, identify, page or screen",
        );
        expect(!self.scattered || !self.group_rows_by.is_empty(), "`scattered` needs `group_rows_by`");
        expect(self.sums.is_empty() || !self.items.is_empty(), "`sums` needs `items` to sum over");
        expect(
            self.sums.iter().all(|sum| !sum.multiply.is_empty()),
            "a sum needs `multiply`, the item properties whose product is summed",
        );
        expect(
            self.time.as_ref().is_none_or(|time| !time.columns.is_empty()),
            "`time` needs `columns`, at least one",
        );
        expect(
            self.identifiers.iter().all(|identifier| !identifier.kind.trim().is_empty()),
            "an identifier needs a `kind`: user_id, email, phone, anonymous_id, or one of your own",
        );
        self.event_problems(&mut problems);
        problems
    }

    fn event_problems(&self, problems: &mut Vec<String>) {
        let event = match &self.event {
            Some(event) if self.kind == EventKind::Track => event,
            None if self.kind == EventKind::Track => {
                return problems
                    .push("`event` is missing; say `name`, or the `column` that holds it".to_owned());
            }
            Some(_) => return problems.push("`event` is only for the type track".to_owned()),
            None => return,
        };
        if event.name.is_none() && event.column.is_none() {
            problems.push("`event` needs `name`, or the `column` that holds it".to_owned());
        }
        if event.column.is_none() && !event.cases.is_empty() {
            problems.push("`event.cases` needs `column`, whose text they look at".to_owned());
        }
        for case in &event.cases {
            if case.equals.is_some() == case.starts_with.is_some() || case.name.trim().is_empty() {
                problems.push("an event's case has a `name`, and `equals` or `starts_with`".to_owned());
            }
        }
    }
}

impl FromStr for Delimiter {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "auto" => Ok(Self::Auto),
            "whitespace" => Ok(Self::Whitespace),
            "tab" => Ok(Self::Byte(b'\t')),
            _ => match text.as_bytes() {
                [byte] if byte.is_ascii() && !matches!(byte, b'"' | b'\n' | b'\r') => Ok(Self::Byte(*byte)),
                _ => Err(format!("`{text}` is no delimiter; use one character, or auto, whitespace or tab")),
            },
        }
    }
}

impl TryFrom<String> for Delimiter {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Delimiter> for String {
    fn from(delimiter: Delimiter) -> Self {
        match delimiter {
            Delimiter::Auto => "auto".to_owned(),
            Delimiter::Whitespace => "whitespace".to_owned(),
            Delimiter::Byte(byte) => char::from(byte).to_string(),
        }
    }
}
