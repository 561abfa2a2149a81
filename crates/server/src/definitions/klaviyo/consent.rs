//! Who may be written to by a channel, and who may not.

use serde_json::Value as Json;

use segops_model::ConsentChannel;
use segops_rules::{Condition, Named, ReachCondition, ReachTest};

use super::super::{Notes, all_of};
use super::text;

/// Reads a condition on marketing consent.
///
/// Klaviyo takes silence for consent to email and to push, and not to SMS.
pub(super) fn consent(json: &Json, notes: &mut Notes, place: &str) -> Option<Condition<Named>> {
    let consent = json.get("consent").unwrap_or(&Json::Null);
    let place = format!("{place}.consent");
    let channel = match text(consent, "channel") {
        "email" => ConsentChannel::Email,
        "sms" => ConsentChannel::Sms,
        "push" => ConsentChannel::Push,
        other => return notes.cannot(&place, format!("the channel `{other}` is not known")),
    };
    let status = consent.get("consent_status").unwrap_or(&Json::Null);
    let filters = status.get("filters").and_then(Json::as_array).map_or(0, Vec::len);
    if filters > 0 {
        let why = "how, when or why consent was given or lost is not kept with it";
        return notes.cannot(&format!("{place}.consent_status.filters"), why);
    }
    let can_receive = consent.get("can_receive_marketing").and_then(Json::as_bool).unwrap_or(true);
    let asks =
        |test| Condition::Reach(ReachCondition { test, channel: Some(channel), topic: None, store: None });
    let not = |condition| Condition::Not(Box::new(condition));
    let receives = match channel {
        ConsentChannel::Sms => all_of(vec![asks(ReachTest::Reachable), asks(ReachTest::Consented)]),
        _ => asks(ReachTest::Reachable),
    };
    let receives = if can_receive { receives } else { not(receives) };
    if !can_receive {
        notes.assumed(&place, "who has no address at all cannot receive anything either");
    }
    Some(match text(status, "subscription") {
        "any" => receives,
        // Of SMS that is what being able to receive it means.
        "subscribed" if channel == ConsentChannel::Sms && can_receive => receives,
        "subscribed" => all_of(vec![receives, asks(ReachTest::Consented)]),
        "unsubscribed" => all_of(vec![receives, asks(ReachTest::OptedOut)]),
        "never_subscribed" => {
            notes.assumed(
                &format!("{place}.consent_status"),
                "who never subscribed is here who has neither opted in nor opted out",
            );
            all_of(vec![receives, not(asks(ReachTest::Consented)), not(asks(ReachTest::OptedOut))])
        }
        other => {
            let place = format!("{place}.consent_status");
            return notes.cannot(&place, format!("the subscription `{other}` is not known"));
        }
    })
}
