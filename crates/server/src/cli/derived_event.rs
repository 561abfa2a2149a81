use clap::Subcommand;

use segops_model::{DerivedEventId, Limits};
use segops_rules::{DerivedDefinition, Named, Problem, parse_derived};

use super::definition::{self, Kind};
use super::error::CliError;
use super::output::Output;
use super::target::Target;

/// Events that the workspace makes of every profile's own. They are known by their names, as events are: another name is another one.
#[derive(Debug, Clone)]
pub(crate) struct DerivedEvents;

impl Kind for DerivedEvents {
    type Id = DerivedEventId;
    type Definition = DerivedDefinition<Named>;
    const WHAT: &str = "derived event";
    const FIELD: &str = "derived_event";
    const EXTENSION: &str = "derived-event";
    const PLURAL: &str = "derived-events";
    const EXAMPLE: &str =
        "segops derived-event create Session 'sessions of any event with gap of 30 minutes'";
    const CAN_BE_RENAMED: bool = false;

    fn parse(text: &str, limits: &Limits) -> Result<Self::Definition, Vec<Problem>> {
        parse_derived(text, limits)
    }

    fn is_same_name(one: &str, other: &str) -> bool {
        one == other
    }
}

/// Make events of every profile's own, such as sessions, touches and events under another name, for rules to count.
#[derive(Debug, Subcommand)]
#[command(
    after_help = "Examples:\n  segops derived-event create Session 'sessions of any event with gap of 30 minutes' --data shop\n  segops segment create Regulars 'did \"Session\" >= 3 times in last 30 days' --data shop"
)]
pub(crate) enum DerivedEvent {
    /// Make a derived event.
    #[command(
        after_help = "Examples:\n  segops derived-event create 'Session Over' 'sessions of any event with gap of 30 minutes, counted at end' --data shop\n  segops derived-event create 'First Touch' 'first touch of \"Page Viewed\" before \"Order Completed\" within 90 days' --data shop\n  segops derived-event create 'High-value View' 'each \"Product Viewed\" where price > 100 with price as worth' --data shop"
    )]
    Create { name: String, definition: String },
    /// List the derived events.
    #[command(after_help = "Examples:\n  segops derived-event list --data shop")]
    List,
    /// Show a derived event and its versions.
    #[command(after_help = "Examples:\n  segops derived-event show Session --data shop")]
    Show { name: String },
    /// Say who would enter and who would leave the segments that use a derived event, were it made of something
    /// else. Saves nothing.
    #[command(
        after_help = "Examples:\n  segops derived-event diff Session 'sessions of any event with gap of 45 minutes' --data shop"
    )]
    Diff {
        name: String,
        definition: String,
        /// How many of those who enter, and of those who leave, to show of each segment.
        #[arg(long, default_value_t = 5, value_name = "N")]
        sample: usize,
    },
    /// Make a derived event of something else. Segments that use it read history again.
    #[command(
        after_help = "Examples:\n  segops derived-event edit Session 'sessions of any event with gap of 45 minutes' --data shop"
    )]
    Edit {
        name: String,
        definition: String,
        /// Edit only if this is still the newest version.
        #[arg(long, value_name = "VERSION")]
        expected_version: Option<u32>,
    },
    /// Delete a derived event that nothing uses.
    #[command(after_help = "Examples:\n  segops derived-event delete Session --data shop")]
    Delete { name: String },
}

impl DerivedEvent {
    pub(crate) fn run(self, target: &Target, out: &mut Output) -> Result<(), CliError> {
        type K = DerivedEvents;
        let client =
            if matches!(self, Self::Create { .. }) { target.client_making()? } else { target.client()? };
        if !out.json {
            out.use_zone_of(&client)?;
        }
        match self {
            Self::Create { name, definition } => definition::create::<K>(&client, &name, &definition, out),
            Self::List => definition::list::<K>(&client, out),
            Self::Show { name } => definition::show::<K>(&client, &name, out),
            Self::Diff { name, definition, sample } => {
                definition::diff::<K>(&client, &name, &definition, sample, out)
            }
            Self::Edit { name, definition, expected_version } => {
                definition::edit::<K>(&client, &name, &definition, expected_version, out)
            }
            Self::Delete { name } => definition::delete::<K>(&client, &name, out),
        }
    }
}
