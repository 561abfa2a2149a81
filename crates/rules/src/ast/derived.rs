//! Derived events: events that nobody sends, and that a workspace makes of every profile's own. A rule names one as
//! it names any event.

use serde::{Deserialize, Serialize};

use segops_model::{DerivedEventId, Path};

use super::{EventFilter, Resolved, Stage};
use crate::time::{Span, Unit};

/// Filters of events that one derived event may be made of.
pub const DERIVED_INPUTS_MAX: usize = 20;
/// Values of its own that an event under another name may have.
pub const DERIVED_VALUES_MAX: usize = 50;

/// A derived event as a stored rule has it: which one, and what it was made of when the rule was saved.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DerivedReference {
    pub id: DerivedEventId,
    pub definition: DerivedDefinition<Resolved>,
}

/// How events are made of a profile's own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(bound = "", rename_all = "snake_case")]
pub enum DerivedDefinition<S: Stage> {
    /// One event for each run of events without a long gap.
    Session(SessionDefinition<S>),
    /// One event for each outcome, with what led to it.
    Touch(Box<TouchDefinition<S>>),
    /// Events that pass a filter, under a name of their own.
    Renamed(Box<RenamedDefinition<S>>),
}

/// Which events have another name as well, and what they have under it beside all that they have anyway.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(bound = "", deny_unknown_fields)]
pub struct RenamedDefinition<S: Stage> {
    pub event: EventFilter<S>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<RenamedValue>,
}

/// A property under a name of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RenamedValue {
    pub name: String,
    /// Where the event has it.
    pub property: Path,
}

/// What a session is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(bound = "", deny_unknown_fields)]
pub struct SessionDefinition<S: Stage> {
    /// The events that sessions consist of.
    pub events: Vec<EventFilter<S>>,
    /// A session goes on while less than this passes from one of its events to the next.
    #[serde(default = "half_an_hour")]
    pub gap: Span,
    /// Whether none goes on past local midnight.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub split_at_midnight: bool,
    /// Whether another campaign begins another session.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub split_at_campaign: bool,
    #[serde(default)]
    pub stands: SessionStands,
}

/// Where a session stands in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SessionStands {
    /// At its first event: it is there from then on, and grows.
    #[default]
    AtStart,
    /// Where it is over: when the gap has passed, or it was cut off. It is not there before.
    AtEnd,
}

/// What an outcome is, and what of the events before it is told with it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(bound = "", deny_unknown_fields)]
pub struct TouchDefinition<S: Stage> {
    pub choice: TouchChoice,
    /// The events of which one is chosen.
    pub touches: Vec<EventFilter<S>>,
    pub outcome: EventFilter<S>,
    /// How long before the outcome a touch counts.
    pub within: Span,
}

/// Which of the touches within the time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TouchChoice {
    First,
    Last,
}

/// What every session has.
pub const SESSION_FIELDS: &[&str] = &[
    "started_at",
    "ended_at",
    "duration_seconds",
    "event_count",
    "page_count",
    "entry_page",
    "exit_page",
    "referrer",
    "channel",
    "campaign.source",
    "campaign.medium",
    "campaign.name",
    "campaign.term",
    "campaign.content",
    "order_count",
    "has_order",
    "order_value",
];

/// What an outcome has of its touch, beside all that it has itself.
pub const TOUCH_FIELDS: &[&str] = &[
    "touch.at",
    "touch.event",
    "touch.seconds_before",
    "touch.page",
    "touch.referrer",
    "touch.channel",
    "touch.campaign.source",
    "touch.campaign.medium",
    "touch.campaign.name",
    "touch.campaign.term",
    "touch.campaign.content",
];

const fn half_an_hour() -> Span {
    Span { count: 30, unit: Unit::Minute }
}

impl TouchChoice {
    /// The word for it in text.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::First => "first",
            Self::Last => "last",
        }
    }
}

impl<S: Stage> SessionDefinition<S> {
    /// Of some events, with everything else as it is where nothing is said.
    #[must_use]
    pub const fn of(events: Vec<EventFilter<S>>) -> Self {
        Self {
            events,
            gap: half_an_hour(),
            split_at_midnight: false,
            split_at_campaign: false,
            stands: SessionStands::AtStart,
        }
    }
}

impl<S: Stage> DerivedDefinition<S> {
    /// Every event filter in it; of touches the outcome last.
    #[must_use]
    pub fn events(&self) -> Vec<&EventFilter<S>> {
        match self {
            Self::Session(session) => session.events.iter().collect(),
            Self::Touch(touch) => touch.touches.iter().chain([&touch.outcome]).collect(),
            Self::Renamed(renamed) => vec![&renamed.event],
        }
    }

    /// What its events have of their own.
    #[must_use]
    pub fn fields(&self) -> Vec<&str> {
        match self {
            Self::Session(_) => SESSION_FIELDS.to_vec(),
            Self::Touch(_) => TOUCH_FIELDS.to_vec(),
            Self::Renamed(renamed) => renamed.values.iter().map(|value| value.name.as_str()).collect(),
        }
    }

    /// Whether its events have of their own what a path leads to, or may have.
    #[must_use]
    pub fn has_field(&self, path: &str) -> bool {
        match self {
            Self::Session(_) | Self::Touch(_) => self.fields().contains(&path),
            Self::Renamed(renamed) => path.parse::<Path>().is_ok_and(|path| renamed.value(&path).is_some()),
        }
    }

    /// The event whose properties its events have too.
    #[must_use]
    pub fn outcome(&self) -> Option<&EventFilter<S>> {
        match self {
            Self::Session(_) => None,
            Self::Touch(touch) => Some(&touch.outcome),
            Self::Renamed(renamed) => Some(&renamed.event),
        }
    }

    /// The same definition with events of another stage. The place of each is given.
    pub(crate) fn try_map<T: Stage, E>(
        &self,
        mut map: impl FnMut(&EventFilter<S>, &str) -> Result<EventFilter<T>, E>,
    ) -> Result<DerivedDefinition<T>, E> {
        let mut each = |events: &[EventFilter<S>], place: &str| -> Result<Vec<_>, E> {
            let numbered = events.iter().enumerate();
            numbered.map(|(at, event)| map(event, &format!("{place}[{at}]"))).collect()
        };
        Ok(match self {
            Self::Session(session) => DerivedDefinition::Session(SessionDefinition {
                events: each(&session.events, "definition.session.events")?,
                gap: session.gap,
                split_at_midnight: session.split_at_midnight,
                split_at_campaign: session.split_at_campaign,
                stands: session.stands,
            }),
            Self::Touch(touch) => {
                let touches = each(&touch.touches, "definition.touch.touches")?;
                let outcome = map(&touch.outcome, "definition.touch.outcome")?;
                let (choice, within) = (touch.choice, touch.within);
                DerivedDefinition::Touch(Box::new(TouchDefinition { choice, touches, outcome, within }))
            }
            Self::Renamed(renamed) => {
                let event = map(&renamed.event, "definition.renamed.event")?;
                let values = renamed.values.clone();
                DerivedDefinition::Renamed(Box::new(RenamedDefinition { event, values }))
            }
        })
    }
}
