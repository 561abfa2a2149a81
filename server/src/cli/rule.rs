use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::client::{Request, typed};
use super::error::CliError;
use super::output::Output;
use super::rule_test::RuleTest;
use super::target::Target;

/// Check and format rules.
#[derive(Debug, Subcommand)]
#[command(
    after_help = "Examples:\n  segops rule check 'did \"Order Completed\" >= 2 times in last 90 days' --data shop\n  segops rule format 'did   \"Order Completed\"'"
)]
pub(crate) enum Rule {
    /// Check a rule against what the workspace knows: every problem at once.
    #[command(
        after_help = "Examples:\n  segops rule check 'did \"Order Completed\"' --data shop\n  echo 'country is \"DE\"' | segops rule check - --data shop"
    )]
    Check(RuleText),
    /// Write a rule out in its usual form. Needs no workspace.
    #[command(
        after_help = "Examples:\n  segops rule format 'did   \"Order Completed\"'\n  segops rule format 'country is \"DE\"' --json\n  segops rule format --lines - < vip.rule"
    )]
    Format(Format),
    /// Print the JSON Schema of the JSON form. Needs no workspace.
    #[command(after_help = "Examples:\n  segops rule schema > rule.schema.json")]
    Schema,
    /// Run cases of rules, events and expected members, and print what comes out otherwise.
    ///
    /// Each case is run live, by a preview from the journal, and by a segment made afterwards, in simulated
    /// time. Needs no workspace. Exits with 1 where anything differs. docs/conformance.md has the format.
    #[command(
        after_help = "Examples:\n  segops rule test cases.jsonl\n  segops rule test tests/conformance/*.jsonl --json"
    )]
    Test(RuleTest),
}

#[derive(Debug, Args)]
pub(crate) struct RuleText {
    /// The rule, as text or as JSON; `-` reads it from the standard input.
    rule: String,
}

#[derive(Debug, Args)]
pub(crate) struct Format {
    #[command(flatten)]
    text: RuleText,
    /// Put each condition of a long rule on a line of its own.
    #[arg(long)]
    lines: bool,
}

impl Rule {
    pub(crate) fn run(self, target: &Target, out: &mut Output) -> Result<(), CliError> {
        match self {
            Self::Check(text) => check(&text.read()?, target, out),
            Self::Format(format) => format.run(out),
            Self::Schema => out.print_json(&segops_rules::json_schema()),
            Self::Test(test) => test.run(out),
        }
    }
}

impl RuleText {
    pub(crate) fn read(self) -> Result<String, CliError> {
        if self.rule != "-" {
            return Ok(self.rule);
        }
        std::io::read_to_string(std::io::stdin()).map_err(CliError::io("cannot read the standard input"))
    }
}

fn check(rule: &str, target: &Target, out: &mut Output) -> Result<(), CliError> {
    let client = target.client()?;
    let path = "/api/v1/rules/check";
    let request = Request::new("POST", path).json(rule_body(rule, Value::Null)?);
    let answer = client.send(&request).map_err(|error| error.with_rule(rule))?;
    if out.json {
        return out.print_json(&answer);
    }
    print_warnings(&answer, rule, out)?;
    out.line(answer.get("rule").and_then(Value::as_str).unwrap_or_default())
}

impl Format {
    fn run(self, out: &mut Output) -> Result<(), CliError> {
        let rule = self.text.read()?;
        let parsed = read_rule(&rule).map_err(|problems| {
            let reports: Vec<String> = problems.iter().map(|problem| problem.report(&rule)).collect();
            CliError::Rule(reports.join("\n"))
        })?;
        if out.json {
            return out.print_json(&segops_rules::to_json(&parsed));
        }
        out.line(if self.lines { segops_rules::format_lines(&parsed) } else { segops_rules::format(&parsed) })
    }
}

/// A rule from either of its forms.
pub(super) fn read_rule(
    rule: &str,
) -> Result<segops_rules::Rule<segops_rules::Named>, Vec<segops_rules::Problem>> {
    if is_json(rule) { segops_rules::from_json(rule) } else { segops_rules::parse(rule) }
}

/// A request's body with the rule in it, in the form that it was given, beside other members.
pub(crate) fn rule_body(rule: &str, others: Value) -> Result<Value, CliError> {
    let mut body = if others.is_null() { json!({}) } else { others };
    if let Some(members) = body.as_object_mut() {
        members.retain(|_, value| !value.is_null());
        if is_json(rule) {
            let json = serde_json::from_str(rule)
                .map_err(|error| CliError::Usage(format!("the rule is not JSON: {error}")))?;
            members.insert("rule_json".to_owned(), json);
        } else {
            members.insert("rule".to_owned(), rule.into());
        }
    }
    Ok(body)
}

/// Warnings go before the result, on the rule as it was typed.
pub(crate) fn print_warnings(answer: &Value, rule: &str, out: &mut Output) -> Result<(), CliError> {
    let warnings = answer.get("warnings").cloned().unwrap_or(Value::Array(Vec::new()));
    let warnings: Vec<segops_rules::Problem> = typed(warnings, "warnings")?;
    for warning in warnings {
        out.warning(&warning.report(rule))?;
    }
    Ok(())
}

fn is_json(rule: &str) -> bool {
    rule.trim_start().starts_with('{')
}
