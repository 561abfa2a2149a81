use clap::CommandFactory;

use super::Cli;
use super::client::{path, with_query};
use super::output::{number, percent, plain, shortened};

#[test]
fn the_command_line_is_well_formed_and_every_command_has_examples() {
    let command = Cli::command();
    command.clone().debug_assert();
    let mut without = Vec::new();
    visit(&command, "", &mut without);
    assert_eq!(without, Vec::<String>::new());
}

fn visit(command: &clap::Command, above: &str, without: &mut Vec<String>) {
    let name = format!("{above} {}", command.get_name());
    if !command.get_after_help().is_some_and(|help| help.to_string().contains("Examples:")) {
        without.push(name.clone());
    }
    command.get_subcommands().for_each(|inner| visit(inner, &name, without));
}

#[test]
fn numbers_are_easy_to_read() {
    assert_eq!([0, 999, 1_000, 1_234_567].map(number), ["0", "999", "1,000", "1,234,567"]);
    assert_eq!(percent(1, 3), "33.3%");
    assert_eq!(percent(0, 0), "0%");
    assert_eq!(percent(u64::MAX, u64::MAX), "100.0%");
}

#[test]
fn what_clients_sent_cannot_move_the_cursor() {
    assert_eq!(plain("a\x1b[2Jb\nc"), "a [2Jb c");
    assert_eq!(shortened("äöüß", 3), "äö…");
}

#[test]
fn paths_and_parameters_are_escaped() {
    let segment = path(&["segments", "Größe / ü?&"]);
    assert_eq!(segment, "/api/v1/segments/Gr%C3%B6%C3%9Fe%20%2F%20%C3%BC%3F%26");
    let query = with_query("/x".to_owned(), &[("a", Some("1&2")), ("b", None), ("c", Some("é"))]);
    assert_eq!(query, "/x?a=1%262&c=%C3%A9");
}

#[test]
fn the_rules_in_examples_can_be_used() {
    let mut rules = Vec::new();
    collect_rules(&Cli::command(), &mut rules);
    assert!(rules.len() > 5, "{rules:?}");
    for rule in rules {
        assert!(segops_rules::parse(&rule).is_ok(), "{rule}: {:?}", segops_rules::parse(&rule));
    }
}

/// What stands in single quotes in examples of commands that take a rule.
fn collect_rules(command: &clap::Command, rules: &mut Vec<String>) {
    let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    let takes_rule =
        ["segment create", "segment edit", "segment preview", "rule check", "rule format", "echo"];
    for line in help.lines().filter(|line| takes_rule.iter().any(|name| line.contains(name))) {
        rules.extend(line.split('\'').skip(1).step_by(2).map(str::to_owned));
    }
    command.get_subcommands().for_each(|inner| collect_rules(inner, rules));
}
