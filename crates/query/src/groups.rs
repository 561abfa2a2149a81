//! Breakdowns: by which values, which of them get a row of their own, and what the rest is called.

use rustc_hash::FxHashMap;
use segops_model::{Column, Columns, Event, Instant, Path, Texts};
use segops_rules::Code;
use serde::{Deserialize, Serialize};

use crate::check::{CheckedEvent, Checker};
use crate::error::AnalysisError;
use crate::setting::{ProfileSet, Setting};
use crate::values::{Label, ValueReader};
use crate::walk::{Batch, Profile};

/// How many groups a breakdown shows where it does not say.
const TOP_DEFAULT: usize = 10;

/// What results are broken down by.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Breakdown {
    pub by: Dimension,
    /// How many values get a row of their own: those with most. The rest is `others`.
    #[serde(default = "top_default")]
    pub top: usize,
}

const fn top_default() -> usize {
    TOP_DEFAULT
}

/// Something that tells profiles or events apart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Dimension {
    /// A property of the event, or of the order.
    Property(Path),
    /// A trait of the profile, as it is at the analysis's instant.
    Trait(Path),
    /// A trait of the profile, as it was when the event happened.
    TraitAtEvent(Path),
    /// Whether the profile is in each of these segments at the analysis's instant.
    Segments(Vec<String>),
}

/// One row of a breakdown.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Group {
    /// Everything, whatever its value.
    All,
    /// One value, as it was sent.
    Value(String),
    /// What has no value.
    Missing,
    /// All values without a row of their own.
    Others,
    /// The members of a segment.
    Segment(String),
    /// Members of none of the segments.
    NoSegment,
}

/// A dimension, ready to be read.
#[derive(Debug)]
pub(crate) enum Reader {
    /// For each of an analysis's signals.
    Property(Vec<ValueReader>),
    Trait {
        path: Path,
        at_event: bool,
        now: Instant,
    },
    Segments(Vec<(String, ProfileSet)>),
}

impl Dimension {
    /// Checks it for events that pass any of some filters.
    pub(crate) fn check(&self, checker: &mut Checker<'_>, filters: &[&CheckedEvent], place: &str) {
        match self {
            Self::Property(path) => {
                for filter in filters.iter().take(1) {
                    checker.property(path, Some(filter), &format!("{place}.property"));
                }
            }
            Self::Trait(path) | Self::TraitAtEvent(path) => {
                if path.split_list().is_some() {
                    let place = format!("{place}.trait");
                    checker.refuse(
                        Code::UnsupportedPath,
                        &place,
                        format!("`{path}` leads through a list"),
                        "a trait with one value",
                    );
                }
                checker.trait_path(path, place);
            }
            Self::Segments(names) => {
                checker.within(&format!("{place}.segments"), "segments", names.len(), 1, 20);
                for (at, name) in names.iter().enumerate() {
                    checker.segment(name, &format!("{place}.segments[{at}]"));
                }
            }
        }
    }

    pub(crate) const fn needs_traits(&self) -> bool {
        matches!(self, Self::Trait(_) | Self::TraitAtEvent(_))
    }

    /// The properties that have to be read.
    pub(crate) fn path(&self) -> Option<&Path> {
        match self {
            Self::Property(path) => Some(path),
            _ => None,
        }
    }

    pub(crate) fn reader(&self, setting: &Setting<'_>, filters: &[&CheckedEvent]) -> Reader {
        match self {
            Self::Property(path) => {
                let zone = &setting.calendar.zone;
                Reader::Property(filters.iter().map(|one| ValueReader::new(path, false, one, zone)).collect())
            }
            Self::Trait(path) => Reader::Trait { path: path.clone(), at_event: false, now: setting.now },
            Self::TraitAtEvent(path) => {
                Reader::Trait { path: path.clone(), at_event: true, now: setting.now }
            }
            Self::Segments(names) => {
                let members =
                    |name: &String| (name.clone(), setting.segments.members(name).unwrap_or_default());
                Reader::Segments(names.iter().map(members).collect())
            }
        }
    }
}

impl Reader {
    /// The property's values in a batch as numbers of a dictionary, where it has them so: events of one number are of
    /// the same groups.
    pub(crate) fn coded<'a>(&self, batch: &'a Batch, signal: usize) -> Option<Texts<'a>> {
        let Self::Property(readers) = self else { return None };
        let path = readers.get(signal)?.own_path()?;
        match batch.columns()?.column(path) {
            Column::Texts(texts) if texts.numbers.is_some() => Some(texts),
            _ => None,
        }
    }

    /// The groups of an event that passes a filter.
    pub(crate) fn groups(
        &self,
        profile: &Profile,
        signal: usize,
        event: &Event,
        ts: Instant,
    ) -> Vec<(String, Group)> {
        match self {
            Self::Property(readers) => {
                let mut groups = Vec::new();
                if let Some(reader) = readers.get(signal) {
                    reader.labels(event, |label| groups.push(of_label(Some(label))));
                }
                if groups.is_empty() {
                    groups.push(of_label(None));
                }
                groups
            }
            Self::Trait { path, at_event, now } => {
                let value = profile.traits.at(path, if *at_event { ts } else { *now });
                let values = value.map(|value| value.as_list().unwrap_or(std::slice::from_ref(value)));
                let labels: Vec<Label> = values.unwrap_or_default().iter().filter_map(Label::of).collect();
                if labels.is_empty() {
                    return vec![of_label(None)];
                }
                labels.into_iter().map(|label| of_label(Some(label))).collect()
            }
            Self::Segments(segments) => {
                let is_in = segments.iter().filter(|(_, members)| members.contains(profile.id.0));
                let mut groups: Vec<_> =
                    is_in.map(|(name, _)| (format!("s{name}"), Group::Segment(name.clone()))).collect();
                if groups.is_empty() {
                    groups.push(("n".to_owned(), Group::NoSegment));
                }
                groups
            }
        }
    }
}

/// A group with the key that it is told apart by.
pub(crate) fn of_label(label: Option<Label>) -> (String, Group) {
    match label {
        None => ("m".to_owned(), Group::Missing),
        Some(label) => (format!("v{}", label.key), Group::Value(label.shown)),
    }
}

/// Which groups get a row of their own, in the order of the rows.
#[derive(Debug, Default)]
pub(crate) struct Chosen {
    numbers: FxHashMap<String, usize>,
    groups: Vec<Group>,
    has_others: bool,
}

impl Chosen {
    /// The groups with the greatest weights; of equal ones those that come first by their key.
    pub(crate) fn top(found: FxHashMap<String, (Group, i128)>, top: usize) -> Self {
        let mut found: Vec<_> = found.into_iter().collect();
        found.sort_by(|(left_key, (_, left)), (right_key, (_, right))| {
            right.cmp(left).then_with(|| left_key.cmp(right_key))
        });
        let has_others = found.len() > top;
        found.truncate(top);
        let numbers = found.iter().enumerate().map(|(at, (key, _))| (key.clone(), at)).collect();
        Self { numbers, groups: found.into_iter().map(|(_, (group, _))| group).collect(), has_others }
    }

    /// The row of a group: that of the others, where it has none of its own.
    pub(crate) fn number(&self, key: &str) -> usize {
        self.numbers.get(key).copied().unwrap_or(self.groups.len())
    }

    /// Every row, the others last where there are any.
    pub(crate) fn rows(&self) -> Vec<Group> {
        let mut rows = self.groups.clone();
        rows.extend(self.has_others.then_some(Group::Others));
        rows
    }
}

/// Weights of groups, within a limit.
#[derive(Debug)]
pub(crate) struct Weights {
    pub(crate) found: FxHashMap<String, (Group, i128)>,
    max: usize,
}

impl Weights {
    pub(crate) fn new(max: usize) -> Self {
        Self { found: FxHashMap::default(), max }
    }

    pub(crate) fn add(&mut self, key: String, group: Group, weight: i128) -> Result<(), AnalysisError> {
        if self.found.len() >= self.max && !self.found.contains_key(&key) {
            return Err(AnalysisError::Limit {
                what: "the values that are broken down by",
                max: self.max,
                advice: "filter the events, or choose a property with fewer values",
            });
        }
        let entry = self.found.entry(key).or_insert_with(|| (group.clone(), 0));
        entry.1 += weight;
        // Of several spellings the least is shown, whatever the order in which they came.
        if group < entry.0 {
            entry.0 = group;
        }
        Ok(())
    }
}
