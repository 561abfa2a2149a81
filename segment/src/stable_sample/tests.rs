use segops_model::{Decimal, ProfileId};
use segops_rules::{Base, Condition, RULE_FORMAT, Resolved, Rule, SampleCondition};

use super::SampleNode;
use crate::{Calendar, Program, SignalRegistry};

fn sample(percent: &str, salt: &str) -> SampleNode {
    SampleNode::compile(&condition(percent, salt))
}

fn condition(percent: &str, salt: &str) -> SampleCondition {
    SampleCondition { percent: Decimal::parse(percent).unwrap(), salt: salt.to_owned() }
}

/// Places by another implementation of SHA-256.
#[test]
fn places_are_the_documented_hash() {
    let node = sample("10", "holdout spring");
    assert_eq!(node.place(ProfileId(17)), 291_705_790_763_381_341);
    assert_eq!(sample("10", "a").place(ProfileId(1)), 13_033_525_801_060_178_047);
    assert_eq!(sample("10", "a").percent(ProfileId(2)), Decimal::parse("62.072461855").unwrap());
}

#[test]
fn a_smaller_sample_is_inside_a_greater_one() {
    let (small, great) = (sample("10", "a"), sample("20", "a"));
    let inside = |node: &SampleNode| (0..2_000).filter(|id| node.holds(ProfileId(*id))).count();
    assert!((0..2_000).all(|id| !small.holds(ProfileId(id)) || great.holds(ProfileId(id))));
    assert!((150..250).contains(&inside(&small)), "{}", inside(&small));
    assert!((340..460).contains(&inside(&great)), "{}", inside(&great));
}

#[test]
fn the_share_is_met_exactly() {
    // Profile 17 lies at 1.58134026036...%.
    assert!(!sample("1.58134026", "holdout spring").holds(ProfileId(17)));
    assert!(sample("1.581340261", "holdout spring").holds(ProfileId(17)));
}

fn may_hold_when_empty(when: Condition<Resolved>) -> bool {
    let rule = Rule { version: RULE_FORMAT, base: Base::Everyone, when };
    Program::compile(&rule, &mut SignalRegistry::new(), &Calendar::utc()).may_hold_when_empty()
}

#[test]
fn new_profiles_are_decided_wherever_a_sample_can_tell() {
    let drawn = || Condition::Sample(condition("10", "a"));
    let never =
        || crate::sample::did("A", segops_rules::CountTest::AtLeast(1), segops_rules::Window::AllTime);
    assert!(may_hold_when_empty(drawn()));
    assert!(may_hold_when_empty(Condition::Not(Box::new(drawn()))));
    assert!(may_hold_when_empty(Condition::Any(vec![drawn(), never()])));
    assert!(may_hold_when_empty(Condition::None(vec![drawn(), never()])));
    assert!(!may_hold_when_empty(Condition::All(vec![drawn(), never()])));
}
