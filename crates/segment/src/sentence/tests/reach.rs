use expect_test::expect;

use segops_model::{ConsentChannel, ConsentState, ListId};

use super::{ordered, tell};

const ANN: &str = "ann@shop.example";

#[test]
fn reachable_at_an_address() {
    let story = ordered(&[]).known_as("email", ANN);
    tell("everyone where reachable by email", &story, &expect![[""]]);
    tell("everyone where not reachable by email", &story, &expect![[""]]);
    tell("everyone where reachable by sms", &story, &expect![[""]]);
}

#[test]
fn opted_out() {
    let story = ordered(&[]).known_as("email", ANN).said(
        ConsentChannel::Email,
        ANN,
        ConsentState::OptedOut,
        "2026-09-03",
    );
    tell("everyone where reachable by email", &story, &expect![[""]]);
    tell("everyone where opted out of email", &story, &expect![[""]]);
    tell("everyone where consented to email topic \"offers\"", &story, &expect![[""]]);
}

#[test]
fn suppressed() {
    let story = ordered(&[]).known_as("email", ANN).said(
        ConsentChannel::Email,
        ANN,
        ConsentState::Suppressed,
        "2026-09-03",
    );
    tell("everyone where reachable by email and has a valid email", &story, &expect![[""]]);
    tell("everyone where not suppressed", &story, &expect![[""]]);
}

#[test]
fn nothing_said_and_a_national_number() {
    let story = ordered(&[]).known_as("phone", "01511234567");
    tell("everyone where consented to sms", &story, &expect![[""]]);
    tell("everyone where has a valid phone", &story, &expect![[""]]);
}

#[test]
fn listed_or_not() {
    let mut story = ordered(&[]);
    tell("everyone where in list \"Influencers\"", &story, &expect![[""]]);
    story.lists.push(ListId(3));
    tell("everyone where in list \"Influencers\"", &story, &expect![[""]]);
    tell("everyone where not in list \"Influencers\"", &story, &expect![[""]]);
}
