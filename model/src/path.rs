use std::fmt;
use std::str::FromStr;

use compact_str::CompactString;
use serde::{Deserialize, Serialize};

use crate::{Event, Object, Value, event::RootValue};

/// Where a value is: `total`, `address.city`, `context.campaign.source`, `products[].category`.
///
/// `[]` after a name says that each element of the list is meant. Names may hold spaces and anything but
/// `.`, `[` and `]`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Path {
    steps: Vec<Step>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Step {
    name: CompactString,
    each: bool,
}

/// Why a text is no path.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    #[error("a path needs a name; write it as `total` or `address.city`")]
    Empty,
    #[error("`{0}` is not a name in a path; `[]` goes after a name, and names hold no `[` or `]`")]
    Name(String),
}

impl Path {
    /// A path of one name, whatever characters it holds.
    #[must_use]
    pub fn of_name(name: &str) -> Self {
        Self { steps: vec![Step { name: name.into(), each: false }] }
    }

    /// The list path and the rest, if the path goes through a list: `products[].category` is
    /// (`products`, `category`). The first list counts.
    #[must_use]
    pub fn split_list(&self) -> Option<(Self, Option<Self>)> {
        let at = self.steps.iter().position(|step| step.each)?;
        let mut list = self.steps.get(..=at)?.to_vec();
        list.last_mut()?.each = false;
        let rest = self.steps.get(at + 1..).filter(|rest| !rest.is_empty());
        Some((Self { steps: list }, rest.map(|rest| Self { steps: rest.to_vec() })))
    }

    /// The inverse of [`Path::split_list`].
    #[must_use]
    pub fn joined(list: &Self, rest: Option<&Self>) -> Self {
        let mut steps = list.steps.clone();
        if let Some(last) = steps.last_mut() {
            last.each = true;
        }
        steps.extend(rest.into_iter().flat_map(|rest| rest.steps.iter().cloned()));
        Self { steps }
    }

    /// The first name.
    #[must_use]
    pub fn root(&self) -> &str {
        self.steps.first().map_or("", |step| step.name.as_str())
    }

    /// The value in an event, for a path without `[]`.
    #[must_use]
    pub fn in_event<'a>(&self, event: &'a Event) -> Option<&'a Value> {
        let (first, rest) = self.steps.split_first()?;
        match event.root(&first.name)? {
            RootValue::Value(value) => walk(value, rest),
            RootValue::Context(context) => in_steps(context, rest),
        }
    }

    /// The value below the first name's own value, for a path without `[]`: that value itself where the
    /// path has one name.
    #[must_use]
    pub fn below_root<'a>(&self, root: &'a Value) -> Option<&'a Value> {
        walk(root, self.steps.get(1..)?)
    }

    /// The value in an object (a line item, an object trait), for a path without `[]`.
    #[must_use]
    pub fn in_object<'a>(&self, object: &'a Object) -> Option<&'a Value> {
        in_steps(object, &self.steps)
    }
}

fn in_steps<'a>(object: &'a Object, steps: &[Step]) -> Option<&'a Value> {
    let (first, rest) = steps.split_first()?;
    walk(object.get(&first.name)?, rest)
}

fn walk<'a>(mut value: &'a Value, steps: &[Step]) -> Option<&'a Value> {
    for step in steps {
        value = value.as_object()?.get(&step.name)?;
    }
    Some(value)
}

impl FromStr for Path {
    type Err = PathError;

    fn from_str(text: &str) -> Result<Self, PathError> {
        if text.trim().is_empty() {
            return Err(PathError::Empty);
        }
        let steps = text.split('.').map(|part| {
            let (name, each) = part.strip_suffix("[]").map_or((part, false), |name| (name, true));
            if name.is_empty() || name.contains(['[', ']']) {
                return Err(PathError::Name(part.to_owned()));
            }
            Ok(Step { name: name.into(), each })
        });
        Ok(Self { steps: steps.collect::<Result<_, _>>()? })
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, step) in self.steps.iter().enumerate() {
            let dot = if at == 0 { "" } else { "." };
            let each = if step.each { "[]" } else { "" };
            write!(f, "{dot}{}{each}", step.name)?;
        }
        Ok(())
    }
}

impl From<Path> for String {
    fn from(path: Path) -> Self {
        path.to_string()
    }
}

impl TryFrom<String> for Path {
    type Error = PathError;
    fn try_from(text: String) -> Result<Self, PathError> {
        text.parse()
    }
}
