use expect_test::expect;

use segops_model::{ConsentChannel, ConsentState, ListId};

use super::{ordered, tell};

const ANN: &str = "ann@shop.example";

#[test]
fn reachable_at_an_address() {
    let story = ordered(&[]).known_as("email", ANN);
    tell(
        "everyone where reachable by email",
        &story,
        &expect!["In, because: reachable by email at ann@shop.example. Leaves once they opt out of email."],
    );
    tell(
        "everyone where not reachable by email",
        &story,
        &expect![
            "Out: reachable by email at ann@shop.example, needs not to be reachable by email. Enters once they opt out of email."
        ],
    );
    tell(
        "everyone where reachable by sms",
        &story,
        &expect![
            "Out: no phone number, needs to be reachable by SMS. Enters once they have a valid phone number."
        ],
    );
}

#[test]
fn opted_out() {
    let story = ordered(&[]).known_as("email", ANN).said(
        ConsentChannel::Email,
        ANN,
        ConsentState::OptedOut,
        "2026-09-03",
    );
    tell(
        "everyone where reachable by email",
        &story,
        &expect![
            "Out: ann@shop.example opted out of email on 3 Sep, needs to be reachable by email. Enters once they opt in to email."
        ],
    );
    tell(
        "everyone where opted out of email",
        &story,
        &expect![
            "In, because: ann@shop.example opted out of email on 3 Sep. Leaves once they opt in to email."
        ],
    );
    tell(
        "everyone where consented to email topic \"offers\"",
        &story,
        &expect![
            "Out: ann@shop.example opted out of email about offers on 3 Sep, needs to have opted in to email about offers. Enters once they opt in to email about offers."
        ],
    );
}

#[test]
fn suppressed() {
    let story = ordered(&[]).known_as("email", ANN).said(
        ConsentChannel::Email,
        ANN,
        ConsentState::Suppressed,
        "2026-09-03",
    );
    tell(
        "everyone where reachable by email and has a valid email",
        &story,
        &expect![
            "Out: ann@shop.example is suppressed since 3 Sep, needs to be reachable by email. Enters once the suppression is lifted."
        ],
    );
    tell(
        "everyone where not suppressed",
        &story,
        &expect![
            "Out: ann@shop.example is suppressed since 3 Sep, needs not to be suppressed. Enters once the suppression is lifted."
        ],
    );
}

#[test]
fn nothing_said_and_a_national_number() {
    let story = ordered(&[]).known_as("phone", "01511234567");
    tell(
        "everyone where consented to sms",
        &story,
        &expect![
            "Out: nothing was said of consent to SMS for 01511234567, needs to have opted in to SMS. Enters once they opt in to SMS."
        ],
    );
    tell(
        "everyone where has a valid phone",
        &story,
        &expect![
            "Out: 01511234567 has no country code, needs to have a valid phone number. Enters once they have a valid phone number."
        ],
    );
}

#[test]
fn listed_or_not() {
    let mut story = ordered(&[]);
    tell(
        "everyone where in list \"Influencers\"",
        &story,
        &expect!["Out: not in list Influencers, needs to be in it. Enters once in list Influencers."],
    );
    story.lists.push(ListId(3));
    tell(
        "everyone where in list \"Influencers\"",
        &story,
        &expect!["In, because: in list Influencers. Leaves once out of list Influencers."],
    );
    tell(
        "everyone where not in list \"Influencers\"",
        &story,
        &expect!["Out: in list Influencers, needs to be out of it. Enters once out of list Influencers."],
    );
}
