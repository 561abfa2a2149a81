use clap::Subcommand;
use serde_json::Value;

use super::client::Request;
use super::error::CliError;
use super::output::Output;
use super::target::Target;

/// Show or change the workspace's settings.
#[derive(Debug, Subcommand)]
#[command(
    after_help = "Examples:\n  segops settings show --data shop\n  segops settings set time_zone Europe/Berlin --data shop"
)]
pub(crate) enum Settings {
    /// Print the settings.
    #[command(after_help = "Examples:\n  segops settings show --data shop")]
    Show,
    /// Change one setting.
    #[command(
        after_help = "Examples:\n  segops settings set time_zone Europe/Berlin --data shop\n  segops settings set week_start sunday --data shop\n  segops settings set identity.value_bytes_max 256 --data shop"
    )]
    Set {
        /// The setting, with a dot between a group and what is in it.
        name: String,
        /// Its value: JSON, or text without quotes.
        value: String,
    },
}

const PATH: &str = "/api/v1/settings";

impl Settings {
    pub(crate) fn run(self, target: &Target, out: &mut Output) -> Result<(), CliError> {
        let makes = matches!(self, Self::Set { .. });
        let client = if makes { target.client_making()? } else { target.client()? };
        let mut settings = client.get(PATH)?;
        if let Self::Set { name, value } = self {
            let value = serde_json::from_str(&value).unwrap_or(Value::String(value));
            let place = settings.pointer_mut(&format!("/{}", name.replace('.', "/"))).ok_or_else(|| {
                CliError::Usage(format!("there is no setting `{name}`; `segops settings show` lists them"))
            })?;
            *place = value;
            settings = client.send(&Request::new("PUT", PATH).json(settings))?;
        }
        out.print_json(&settings)
    }
}
