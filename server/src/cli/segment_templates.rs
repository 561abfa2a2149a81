use clap::Args;
use serde_json::Value;

use super::client::{Client, typed};
use super::error::CliError;
use super::output::{Output, Table};
use crate::templates::Template;

/// List the segments that stores use most, to start from; or show one with its parameters.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  segops segment templates --data shop\n  segops segment templates cart-abandoners --data shop\n  segops segment create Carts --template cart-abandoners --with days=2 --data shop"
)]
pub(crate) struct Templates {
    /// The template to show.
    id: Option<String>,
}

impl Templates {
    pub(super) fn run(self, client: &Client, out: &mut Output) -> Result<(), CliError> {
        let place = "/api/v1/templates";
        let mut answer = client.get(place)?;
        let data = answer.get_mut("data").map(Value::take).unwrap_or_default();
        let mut templates: Vec<Template> = typed(data, place)?;
        if let Some(id) = &self.id {
            templates.retain(|template| template.id.eq_ignore_ascii_case(id));
            let Some(template) = templates.first() else {
                return Err(CliError::Usage(format!(
                    "there is no template `{id}`; `segops segment templates` lists them"
                )));
            };
            if out.json {
                return out.print_json(&serde_json::json!(template));
            }
            return show(template, out);
        }
        if out.json {
            return out.print_json(&serde_json::json!({ "data": templates }));
        }
        let mut table = Table::new(&["GROUP", "TEMPLATE", "DESCRIPTION", "PARAMETERS"]);
        for template in templates {
            let parameters = template.parameters.iter().map(|one| format!("{}={}", one.name, one.default));
            let parameters = parameters.collect::<Vec<_>>().join(" ");
            table.row([template.group, template.id, template.description, parameters]);
        }
        out.table(&table)
    }
}

fn show(template: &Template, out: &mut Output) -> Result<(), CliError> {
    out.heading(&format!("{} ({})", template.name, template.id))?;
    out.line(&template.description)?;
    out.line(&template.why)?;
    out.line("")?;
    out.line(&template.rule)?;
    for parameter in &template.parameters {
        out.line(format!("  {}: {} ({})", parameter.name, parameter.description, parameter.default))?;
    }
    Ok(())
}
