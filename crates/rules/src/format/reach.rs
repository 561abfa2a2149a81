//! The text of conditions on reach.

use super::quoted;
use crate::ast::{ReachCondition, ReachTest};

pub(super) fn reach(tree: &ReachCondition) -> String {
    let opening = match tree.test {
        ReachTest::Reachable => "reachable by",
        ReachTest::Consented => "consented to",
        ReachTest::OptedOut => "opted out of",
        ReachTest::Suppressed if tree.channel.is_none() => "suppressed",
        ReachTest::Suppressed => "suppressed on",
        ReachTest::HasAddress => "has a valid",
    };
    let mut text = opening.to_owned();
    if let Some(channel) = tree.channel {
        text.push_str(&format!(" {}", channel.name()));
    }
    if let Some(topic) = &tree.topic {
        text.push_str(&format!(" topic {}", quoted(topic)));
    }
    if let Some(store) = &tree.store {
        text.push_str(&format!(" for store {}", quoted(store)));
    }
    text
}
