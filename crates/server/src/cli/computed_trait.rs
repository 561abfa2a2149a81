use clap::Subcommand;

use segops_model::{ComputedTraitId, Limits, same_text};
use segops_rules::{ComputedDefinition, Named, Problem, parse_definition};

use super::definition::{self, Kind};
use super::error::CliError;
use super::output::Output;
use super::target::Target;

/// Numbers and values that the workspace makes of every profile's events.
#[derive(Debug, Clone)]
pub(crate) struct ComputedTraits;

impl Kind for ComputedTraits {
    type Id = ComputedTraitId;
    type Definition = ComputedDefinition<Named>;
    const WHAT: &str = "computed trait";
    const FIELD: &str = "computed_trait";
    const EXTENSION: &str = "computed-trait";
    const PLURAL: &str = "computed-traits";
    const EXAMPLE: &str = "segops computed-trait create 'net spend' 'sum of total over \"Order Completed\" - sum of total over \"Order Refunded\"'";
    const CAN_BE_RENAMED: bool = true;

    fn parse(text: &str, limits: &Limits) -> Result<Self::Definition, Vec<Problem>> {
        parse_definition(text, limits)
    }

    fn is_same_name(one: &str, other: &str) -> bool {
        same_text(one, other)
    }
}

/// Give names to what is made of every profile's events, for rules to use.
#[derive(Debug, Subcommand)]
#[command(
    after_help = "Examples:\n  segops computed-trait create 'return rate' 'count of \"Order Refunded\" / count of \"Order Completed\"' --data shop\n  segops segment create Returners 'computed \"return rate\" >= 0.3' --data shop"
)]
pub(crate) enum ComputedTrait {
    /// Make a computed trait.
    #[command(
        after_help = "Examples:\n  segops computed-trait create 'net spend' 'sum of total over \"Order Completed\" - sum of total over \"Order Refunded\"' --data shop\n  segops computed-trait create favourite 'most frequent value of category over \"Product Viewed\" in last 90 days' --data shop"
    )]
    Create { name: String, definition: String },
    /// List the computed traits.
    #[command(after_help = "Examples:\n  segops computed-trait list --data shop")]
    List,
    /// Show a computed trait and its versions.
    #[command(after_help = "Examples:\n  segops computed-trait show 'net spend' --data shop")]
    Show { name: String },
    /// Say who would enter and who would leave the segments that use a computed trait, were it made of something
    /// else. Saves nothing.
    #[command(
        after_help = "Examples:\n  segops computed-trait diff 'net spend' 'sum of total over \"Order Completed\"' --data shop"
    )]
    Diff {
        name: String,
        definition: String,
        /// How many of those who enter, and of those who leave, to show of each segment.
        #[arg(long, default_value_t = 5, value_name = "N")]
        sample: usize,
    },
    /// Make a computed trait of something else. Segments that use it read history again.
    #[command(
        after_help = "Examples:\n  segops computed-trait edit 'net spend' 'sum of total over \"Order Completed\"' --data shop"
    )]
    Edit {
        name: String,
        definition: String,
        /// Edit only if this is still the newest version.
        #[arg(long, value_name = "VERSION")]
        expected_version: Option<u32>,
    },
    /// Give a computed trait another name. Rules that use it follow.
    #[command(after_help = "Examples:\n  segops computed-trait rename 'net spend' 'net revenue' --data shop")]
    Rename { name: String, new_name: String },
    /// Delete a computed trait that no segment uses.
    #[command(after_help = "Examples:\n  segops computed-trait delete 'net spend' --data shop")]
    Delete { name: String },
}

impl ComputedTrait {
    pub(crate) fn run(self, target: &Target, out: &mut Output) -> Result<(), CliError> {
        type K = ComputedTraits;
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
            Self::Rename { name, new_name } => definition::rename::<K>(&client, &name, &new_name, out),
            Self::Delete { name } => definition::delete::<K>(&client, &name, out),
        }
    }
}
