use std::collections::BTreeSet;

use segops_model::{fold_case, same_text};
use segops_rules::named_segments;

use super::remote::Local;
use crate::cli::error::CliError;

/// The files in such an order that each comes after those whose segments its rule names.
pub(super) fn in_dependency_order(locals: Vec<Local>) -> Result<Vec<Local>, CliError> {
    let mut ordered: Vec<Local> = Vec::new();
    let mut waiting = locals;
    while !waiting.is_empty() {
        let names: Vec<String> = waiting.iter().map(|local| local.file.name.clone()).collect();
        let is_ready = |local: &Local| {
            let needs = named_segments(&local.file.rule);
            !needs.iter().any(|need| names.iter().any(|name| same_text(name, need)))
        };
        let (ready, blocked): (Vec<_>, Vec<_>) = waiting.into_iter().partition(is_ready);
        if ready.is_empty() {
            return Err(CliError::Rule(format!(
                "the segments refer to each other in a circle: {}; take the reference out of one of them",
                circle(&blocked)
            )));
        }
        ordered.extend(ready);
        waiting = blocked;
    }
    Ok(ordered)
}

/// One way round among segments of which each names another: `A -> B -> A`.
fn circle(blocked: &[Local]) -> String {
    let mut way: Vec<&str> = Vec::new();
    let mut seen = BTreeSet::new();
    let mut next = blocked.first();
    while let Some(local) = next {
        if !seen.insert(fold_case(&local.file.name).into_owned()) {
            let start = way.iter().position(|name| same_text(name, &local.file.name)).unwrap_or(0);
            way.drain(..start);
            way.push(&local.file.name);
            break;
        }
        way.push(&local.file.name);
        let needs = named_segments(&local.file.rule);
        next = blocked.iter().find(|other| needs.iter().any(|need| same_text(need, &other.file.name)));
    }
    way.join(" -> ")
}
