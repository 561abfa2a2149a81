use clap::{Subcommand, ValueEnum};
use serde_json::{Value, json};

use super::client::{Request, path, typed};
use super::error::CliError;
use super::output::{Output, Table};
use super::target::Target;
use crate::control::{Role, TokenView};

/// Make, list and revoke the tokens that people and programs show to the API.
#[derive(Debug, Subcommand)]
#[command(
    after_help = "Examples:\n  segops token create ann --role marketer --data shop\n  segops token revoke ann --data shop"
)]
pub(crate) enum Token {
    /// Make a token and print it. It cannot be shown again.
    #[command(after_help = "Examples:\n  segops token create ann --role marketer --data shop")]
    Create {
        /// Whose it is: the author of what it changes.
        name: String,
        #[arg(long, value_enum, default_value_t = RoleName::Viewer)]
        role: RoleName,
    },
    /// List the tokens, without their secrets.
    #[command(after_help = "Examples:\n  segops token list --data shop")]
    List,
    /// Take a token out of use, at once.
    #[command(after_help = "Examples:\n  segops token revoke ann --data shop")]
    Revoke { name: String },
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum RoleName {
    /// Reads everything but secrets.
    Viewer,
    /// Also writes segments.
    Marketer,
    /// Also writes segments.
    Analyst,
    /// Everything.
    Admin,
}

const PATH: &str = "/api/v1/tokens";

impl Token {
    pub(crate) fn run(self, target: &Target, out: &mut Output) -> Result<(), CliError> {
        let makes = matches!(self, Self::Create { .. });
        let client = if makes { target.client_making()? } else { target.client()? };
        match self {
            Self::Create { name, role } => {
                let body = json!({ "name": name, "role": Role::from(role).as_str() });
                let answer = client.send(&Request::new("POST", PATH).json(body))?;
                if out.json {
                    return out.print_json(&answer);
                }
                let token = answer.get("token").and_then(Value::as_str).unwrap_or_default();
                out.line(token)?;
                out.flush()?;
                eprintln!("Keep it: it is not shown again.");
                Ok(())
            }
            Self::List => {
                let rows = client.rows(PATH, usize::MAX)?;
                if out.json {
                    return out.print_json(&json!({ "data": rows }));
                }
                out.use_zone_of(&client)?;
                let tokens: Vec<TokenView> = typed(rows.into(), PATH)?;
                let mut table = Table::new(&["NAME", "ROLE", "MADE"]);
                for token in tokens {
                    table.row([token.name, token.role.as_str().to_owned(), out.date(token.created_at)]);
                }
                out.table(&table)
            }
            Self::Revoke { name } => {
                client.send(&Request::new("DELETE", path(&["tokens", &name])))?;
                if out.json {
                    return out.print_json(&json!({ "revoked": name }));
                }
                out.line(format!("The token `{name}` is out of use."))
            }
        }
    }
}

impl From<RoleName> for Role {
    fn from(name: RoleName) -> Self {
        match name {
            RoleName::Viewer => Self::Viewer,
            RoleName::Marketer => Self::Marketer,
            RoleName::Analyst => Self::Analyst,
            RoleName::Admin => Self::Admin,
        }
    }
}
