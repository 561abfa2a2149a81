//! One event after another, and the first or last value of an event's property.

use segops_model::Path;
use segops_rules::{
    Condition, CountTest, EventFilter, Named, Occurrence, OccurrenceCondition, Predicate, PropertyTest, Rank,
    SequenceCondition, SequenceStep, Span, Subject, Test, Window,
};

use super::compare::{Comparison, comparison, count_test, value_tests};
use super::syntax::{Argument, Call, Expression};
use super::{Reader, Stream, compares_text};

/// What happened, or did not, within a time of the event outside.
pub(super) struct Child {
    step: SequenceStep<Named>,
    /// The property of which both have the same value.
    same: Option<Path>,
}

/// Whether a part of a `where` is about another event.
pub(super) fn is_of_event(part: &Expression) -> bool {
    matches!(part, Expression::Chain(calls) if calls.first().is_some_and(|call| call.name == "event"))
}

impl Reader<'_> {
    /// `event('Shoes Returned').within(parent: 5 days).count() >= 1`.
    pub(super) fn child(&mut self, part: &Expression) -> Option<Child> {
        let Expression::Chain(calls) = part else { return None };
        let (first, rest) = calls.split_first()?;
        let mut event = EventFilter {
            subject: Subject::Events,
            derived: None,
            name: Some(self.dictionary.event(first.text()?)),
            predicate: None,
            sources: Vec::new(),
        };
        let (mut within, mut same) = (None, None);
        let mut rest = rest.iter();
        loop {
            let Some(call) = rest.next() else {
                return self
                    .notes
                    .cannot(&first.place(), "nothing is made of the events, such as `.count()`");
            };
            match call.name.as_str() {
                "within" => within = Some(self.span_of_parent(call)?),
                "where" => (event.predicate, same) = self.child_where(call)?,
                "count" => break,
                other => {
                    return self.notes.cannot(
                        &call.place(),
                        format!("`{other}` of an event relative to another cannot be said"),
                    );
                }
            }
        }
        let found = match rest.as_slice() {
            [call] => comparison(call, &mut self.notes)?,
            _ => return self.notes.cannot(&first.place(), "it is compared with nothing"),
        };
        let count = count_test(&found, &mut self.notes, &first.place())?;
        let Some(absent) = says_none(count) else {
            return self.notes.cannot(
                &first.place(),
                "how often one event comes after another cannot be said, only whether it does",
            );
        };
        if within.is_none() {
            return self.notes.cannot(&first.place(), "it needs a time, such as `within(parent: 5 days)`");
        }
        if absent {
            self.notes.differs(
                &first.place(),
                "that an event did not come after another is certain only when the time is over",
            );
        }
        Some(Child { step: SequenceStep { absent, event, within }, same })
    }

    fn span_of_parent(&mut self, call: &Call) -> Option<Span> {
        match call.arguments.as_slice() {
            [Argument::OfParent(inner)] => match &**inner {
                Argument::Duration(count, unit) => self.span(*count, unit, call),
                _ => self.notes.cannot(&call.place(), "`within` needs a time, such as `parent: 5 days`"),
            },
            _ => self.notes.cannot(
                &call.place(),
                "an event inside `where` is relative to the one outside: `within(parent: 5 days)`",
            ),
        }
    }

    /// What is asked of the later event, and the property that it shares with the one outside.
    fn child_where(&mut self, call: &Call) -> Option<(Option<Predicate>, Option<Path>)> {
        let Some(Argument::Expression(inner, _)) = call.arguments.first() else {
            return self.notes.cannot(&call.place(), "`where` needs a condition");
        };
        let parts = match inner {
            Expression::And(parts) => parts.as_slice(),
            one => std::slice::from_ref(one),
        };
        let (mut own, mut same) = (Vec::new(), None);
        for part in parts {
            match shared_property(part) {
                None => own.push(self.predicate(part)?),
                Some(name) => {
                    let Ok(path) = name.parse() else {
                        let message = format!("`{name}` is no property that a rule can name");
                        return self.notes.cannot(&call.place(), message);
                    };
                    if same.replace(path).is_some() {
                        return self.notes.cannot(&call.place(), "two events share one property at most");
                    }
                    self.notes.differs(&call.place(), "shared values are compared without regard to case");
                }
            }
        }
        let predicate = match own.len() {
            0 | 1 => own.pop(),
            _ => Some(Predicate::All(own)),
        };
        Some((predicate, same))
    }

    /// The event outside, and then the one inside.
    pub(super) fn sequence(
        &mut self,
        stream: Stream,
        child: Child,
        reducer: &Call,
        found: &Comparison,
    ) -> Option<Condition<Named>> {
        let place = reducer.place();
        if reducer.name != "count" {
            return self
                .notes
                .cannot(&place, "of events with another after them only whether there are can be said");
        }
        let count = count_test(found, &mut self.notes, &place)?;
        let Some(none) = says_none(count) else {
            return self.notes.cannot(
                &place,
                "how many events have another after them cannot be said, only whether one has",
            );
        };
        if !matches!(stream.window, Window::AllTime | Window::Last(_)) {
            return self.notes.cannot(&place, "the later event may lie outside of the time between");
        }
        let first = SequenceStep { absent: false, event: stream.event, within: None };
        let sequence = Condition::Sequence(Box::new(SequenceCondition {
            steps: vec![first, child.step],
            same: child.same,
            count: CountTest::default(),
            window: stream.window,
        }));
        Some(if none { Condition::Not(Box::new(sequence)) } else { sequence })
    }

    /// `event('X').last(property('plan')) = 'pro'`: of the events that have the property.
    pub(super) fn value_of_one(
        &mut self,
        stream: Stream,
        reducer: &Call,
        found: &Comparison,
    ) -> Option<Condition<Named>> {
        let place = reducer.place();
        let is_first = reducer.name == "first";
        if is_first && stream.window != Window::AllTime {
            return self
                .notes
                .cannot(&place, "the first within a time cannot be said, only the first of all time");
        }
        if !matches!(stream.window, Window::AllTime | Window::Last(_)) {
            return self
                .notes
                .cannot(&place, "the last between two times cannot be said, only the last of all time");
        }
        if matches!(found, Comparison::Absent) {
            return self
                .notes
                .cannot(&place, "that there is no first or last value cannot be said in this way");
        }
        let property = self.reduced_property(reducer)?;
        let tests = value_tests(found, &mut self.notes)?;
        let leaf = |test: Test| {
            let match_case = compares_text(&test);
            Predicate::Property(PropertyTest { property: property.clone(), match_case, test })
        };
        let has = tests.predicate(leaf);
        let there = leaf(Test::Exists);
        let mut event = stream.event;
        event.predicate = Some(match event.predicate.take() {
            Some(asked) => Predicate::All(vec![asked, there]),
            None => there,
        });
        let rank = if is_first { Rank::First(1) } else { Rank::Last(1) };
        Some(Condition::Occurrence(Box::new(OccurrenceCondition {
            occurrence: Occurrence { rank, event },
            has: Some(has),
            window: stream.window,
        })))
    }
}

/// The name in `property('sku') = property(parent: 'sku')`.
fn shared_property(part: &Expression) -> Option<&str> {
    let Expression::Chain(calls) = part else { return None };
    let [own, sign] = calls.as_slice() else { return None };
    let Some(Argument::Expression(Expression::Chain(other), None)) = sign.arguments.first() else {
        return None;
    };
    let [other] = other.as_slice() else { return None };
    let Some(Argument::OfParent(name)) = other.arguments.first() else { return None };
    let is_equal = ["=", "==", "equals"].contains(&sign.name.as_str());
    match &**name {
        Argument::Text(name) if is_equal && own.name == "property" && own.text() == Some(name) => Some(name),
        _ => None,
    }
}

/// Whether a count asks for none at all, or for one at least; nothing where it asks for a number.
const fn says_none(count: CountTest) -> Option<bool> {
    match count {
        CountTest::AtLeast(1) | CountTest::MoreThan(0) | CountTest::Not(0) => Some(false),
        CountTest::Exactly(0) | CountTest::LessThan(1) | CountTest::AtMost(0) => Some(true),
        _ => None,
    }
}
