//! What events of known names say of consent.

use compact_str::CompactString;

use segops_model::{CONSENT_SCOPE_BYTES_MAX, ConsentChannel, ConsentState, Event, Value, same_text};

/// What an event of a known name says of consent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsentFact {
    pub channel: ConsentChannel,
    pub state: ConsentState,
    pub topic: Option<CompactString>,
    pub store: Option<CompactString>,
    /// The address that the event names itself; else those of whoever it is of.
    pub address: Option<CompactString>,
}

/// Events by which people give and take back consent, and those that say that an address is no good: of
/// the ecommerce spec, and what Klaviyo calls them.
const EVENTS: &[(&str, Option<ConsentChannel>, &[ConsentState])] = {
    use ConsentChannel::{Email, Push, Sms};
    use ConsentState::{OptedIn, OptedOut, Suppressed};
    &[
        ("Subscribed", None, &[OptedIn]),
        ("Unsubscribed", None, &[OptedOut]),
        ("Email Subscribed", Some(Email), &[OptedIn]),
        ("Email Unsubscribed", Some(Email), &[OptedOut]),
        ("SMS Subscribed", Some(Sms), &[OptedIn]),
        ("SMS Unsubscribed", Some(Sms), &[OptedOut]),
        ("Subscribed to Email Marketing", Some(Email), &[OptedIn]),
        ("Unsubscribed from Email Marketing", Some(Email), &[OptedOut]),
        ("Subscribed to SMS Marketing", Some(Sms), &[OptedIn]),
        ("Unsubscribed from SMS Marketing", Some(Sms), &[OptedOut]),
        ("Consented to Receive SMS", Some(Sms), &[OptedIn]),
        ("Unsubscribed from SMS", Some(Sms), &[OptedOut]),
        ("Subscribed to Push Notifications", Some(Push), &[OptedIn]),
        ("Unsubscribed from Push Notifications", Some(Push), &[OptedOut]),
        ("Email Marked as Spam", Some(Email), &[OptedOut, Suppressed]),
        ("Marked Email as Spam", Some(Email), &[OptedOut, Suppressed]),
        ("Email Bounced", Some(Email), &[Suppressed]),
        ("Bounced Email", Some(Email), &[Suppressed]),
    ]
};

/// Where events say what kind of bounce it was, and the kinds that pass by themselves.
const BOUNCE_TYPES: &[&str] = &["bounce_type", "bounceType", "Bounce Type", "type"];
const PASSING_BOUNCES: &[&str] = &["soft", "transient", "temporary", "deferred"];

impl ConsentFact {
    /// What an event says, if its name is a known one.
    #[must_use]
    pub fn of_event(event: &Event) -> Vec<Self> {
        let known = EVENTS.iter().find(|(name, ..)| *name == event.name.as_str());
        let Some((_, channel, states)) = known.filter(|_| event.kind.is_counted()) else { return Vec::new() };
        let text = |names: &[&str]| {
            let values = names.iter().filter_map(|name| event.properties.get(name));
            let mut texts = values.filter_map(Value::as_text).map(str::trim);
            texts.find(|text| !text.is_empty()).map(CompactString::from)
        };
        let is_passing = |kind: CompactString| PASSING_BOUNCES.iter().any(|one| same_text(one, &kind));
        if *states == [ConsentState::Suppressed] && text(BOUNCE_TYPES).is_some_and(is_passing) {
            return Vec::new();
        }
        let named = text(&["channel"]);
        let channel = match (channel, &named) {
            (Some(channel), _) => *channel,
            (None, None) => ConsentChannel::Email,
            (None, Some(name)) => match ConsentChannel::of_name(name) {
                Some(channel) => channel,
                None => return Vec::new(),
            },
        };
        let address = match channel {
            ConsentChannel::Email => text(&["email", "email_address"]),
            ConsentChannel::Sms | ConsentChannel::Whatsapp | ConsentChannel::Phone => {
                text(&["phone", "phone_number"])
            }
            ConsentChannel::Push => text(&["push_token", "token"]),
        };
        let (topic, store) = (text(&["topic"]).map(shortened), text(&["store"]).map(shortened));
        let fact = |state: &ConsentState| Self {
            channel,
            state: *state,
            topic: topic.clone(),
            store: store.clone(),
            address: address.clone(),
        };
        states.iter().map(fact).collect()
    }
}

/// What is too long for a name is cut: an opt-out is not lost for it.
fn shortened(text: CompactString) -> CompactString {
    if text.len() <= CONSENT_SCOPE_BYTES_MAX {
        return text;
    }
    let mut end = CONSENT_SCOPE_BYTES_MAX;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default().into()
}
