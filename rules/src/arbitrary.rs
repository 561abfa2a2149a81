//! Strategies that make arbitrary valid rules, for property tests.

mod history;
mod occurrence;
mod place;

use jiff::civil;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use segops_model::{Decimal, Direction, Instant, Limits, Path, Value};

use crate::ast::{
    Aggregate, AggregateCondition, AggregateFunction, AggregateMultiple, AggregateOperand, AggregateTest,
    Base, CadenceCondition, CadenceTest, Condition, CountMeasure, CountTest, EventCondition, EventFilter,
    ItemTest, Measure, Named, Predicate, PropertyTest, RULE_FORMAT, RankingCondition, RankingEnd, Rule,
    SampleCondition, Scalar, ScoreCondition, ScoreTest, SegmentCondition, SequenceCondition, SequenceStep,
    Subject, TenureCondition, TenureTest, Test, TraitCondition, TransitionCondition, Window,
};
use crate::check::check;
use crate::time::{CalendarPeriod, Moment, Span, Unit, Weekday};
use occurrence::{active_condition, occurrence_condition, within_condition};

/// Any valid rule, with names of every kind that can be written.
pub fn rule() -> impl Strategy<Value = Rule<Named>> {
    let base = prop_oneof![Just(Base::Customers), Just(Base::Identified), Just(Base::Everyone)];
    (base, condition())
        .prop_map(|(base, when)| Rule { version: RULE_FORMAT, base, when })
        .prop_filter("within the limits", |rule| check(rule, &Limits::default()).is_empty())
}

/// Any valid condition.
pub fn condition() -> impl Strategy<Value = Condition<Named>> {
    let leaf = prop_oneof![
        3 => event().prop_map(Condition::Event).boxed(),
        2 => aggregate_condition().prop_map(|leaf| Condition::Aggregate(Box::new(leaf))).boxed(),
        1 => occurrence_condition(),
        1 => within_condition(),
        2 => active_condition(),
        2 => sequence().prop_map(|leaf| Condition::Sequence(Box::new(leaf))),
        1 => cadence().prop_map(|leaf| Condition::Cadence(Box::new(leaf))),
        1 => score().prop_map(Condition::Score),
        1 => ranking().prop_map(|leaf| Condition::Ranking(Box::new(leaf))),
        2 => (path(), any::<bool>(), test())
            .prop_map(|(path, match_case, test)| Condition::Trait(TraitCondition { path, match_case, test })),
        2 => place::place().prop_map(Condition::Place),
        2 => history::trait_date().prop_map(Condition::TraitDate),
        2 => history::trait_history().prop_map(|leaf| Condition::TraitHistory(Box::new(leaf))),
        1 => (1_i128..100_000_000_000, name()).prop_map(|(share, salt)| {
            Condition::Sample(SampleCondition { percent: Decimal::from_billionths(share), salt })
        }),
        1 => name().prop_map(|segment| Condition::Segment(SegmentCondition { segment })),
        1 => transition().prop_map(Condition::Transition),
        1 => tenure().prop_map(Condition::Tenure),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 1..4).prop_map(Condition::All),
            vec(inner.clone(), 1..4).prop_map(Condition::Any),
            vec(inner.clone(), 1..4).prop_map(Condition::None),
            inner.prop_map(|part| Condition::Not(Box::new(part))),
        ]
    })
}

fn transition() -> impl Strategy<Value = TransitionCondition<Named>> {
    let direction = prop_oneof![Just(Direction::Entered), Just(Direction::Exited)];
    (name(), direction, count(), window()).prop_map(|(segment, direction, count, window)| {
        TransitionCondition { segment, direction, count, window }
    })
}

fn tenure() -> impl Strategy<Value = TenureCondition<Named>> {
    let test = prop_oneof![
        span().prop_map(TenureTest::AtLeast),
        span().prop_map(TenureTest::LessThan),
        moment().prop_map(TenureTest::SinceBefore),
        moment().prop_map(TenureTest::SinceAfter),
    ];
    (name(), test).prop_map(|(segment, test)| TenureCondition { segment, test })
}

fn event() -> impl Strategy<Value = EventCondition<Named>> {
    (chosen(), count(), window()).prop_map(|(event, count, window)| EventCondition { event, count, window })
}

fn filter() -> impl Strategy<Value = EventFilter<Named>> {
    (option::weighted(0.8, name()), option::of(predicate()), vec(name(), 0..3)).prop_map(
        |(name, predicate, sources)| EventFilter { subject: Subject::Events, name, predicate, sources },
    )
}

/// Any filter of events or of orders.
fn chosen() -> impl Strategy<Value = EventFilter<Named>> {
    let orders = prop::sample::select(vec![Subject::Orders, Subject::AllOrders]);
    let of_orders =
        (orders, filter()).prop_map(|(subject, filter)| EventFilter { subject, name: None, ..filter });
    prop_oneof![4 => filter(), 1 => of_orders]
}

fn aggregate() -> impl Strategy<Value = Aggregate<Named>> {
    let function = prop::sample::select(vec![
        AggregateFunction::Sum,
        AggregateFunction::Average,
        AggregateFunction::Minimum,
        AggregateFunction::Maximum,
        AggregateFunction::Distinct,
        AggregateFunction::Median,
    ]);
    let property = (option::of(path()), path()).prop_map(|(list, path)| match list {
        Some(list) => Path::joined(&list, Some(&path)),
        None => path,
    });
    (function, property, any::<bool>(), chosen(), window()).prop_map(
        |(function, property, by_quantity, event, window)| {
            let by_quantity = by_quantity && function != AggregateFunction::Distinct;
            Aggregate { function, property, by_quantity, event, window }
        },
    )
}

/// Any valid condition on a score.
fn score() -> impl Strategy<Value = ScoreCondition> {
    let compare = prop::sample::select(vec![
        ScoreTest::LessThan as fn(Decimal) -> ScoreTest,
        ScoreTest::AtMost,
        ScoreTest::MoreThan,
        ScoreTest::AtLeast,
        ScoreTest::Exactly,
    ]);
    let test = prop_oneof![
        4 => (compare, number()).prop_map(|(compare, bound)| compare(bound)),
        1 => (number(), number()).prop_map(|(a, b)| ScoreTest::Between(a.min(b), a.max(b))),
        2 => history::date_window().prop_map(ScoreTest::Date),
        1 => Just(ScoreTest::Exists),
    ];
    (name(), test).prop_map(|(score, test)| ScoreCondition { score, test })
}

fn ranking() -> impl Strategy<Value = RankingCondition<Named>> {
    let end = prop::sample::select(vec![RankingEnd::Top, RankingEnd::Bottom]);
    let percent = (1_i128..1_000).prop_map(|tenths| Decimal::from_billionths(tenths * 100_000_000));
    let by = prop_oneof![
        3 => aggregate().prop_map(Measure::Aggregate),
        2 => (filter(), window()).prop_map(|(event, window)| Measure::Count(CountMeasure { event, window })),
        1 => path().prop_map(Measure::Trait),
        1 => name().prop_map(Measure::Score),
    ];
    (end, percent, by).prop_map(|(end, percent, by)| RankingCondition { end, percent, by })
}

/// Any valid comparison of an aggregate.
fn aggregate_condition() -> impl Strategy<Value = AggregateCondition<Named>> {
    let multiple = (1_i64..30, aggregate()).prop_map(|(tenths, aggregate)| {
        let factor = Decimal::from_billionths(i128::from(tenths) * 100_000_000);
        AggregateOperand::Times(Box::new(AggregateMultiple { factor, aggregate }))
    });
    let operand = prop_oneof![
        3 => number().prop_map(AggregateOperand::Number),
        1 => moment().prop_map(AggregateOperand::Date),
        2 => multiple,
    ];
    let compare = prop::sample::select(vec![
        AggregateTest::Equals as fn(AggregateOperand<Named>) -> AggregateTest<Named>,
        AggregateTest::NotEquals,
        AggregateTest::LessThan,
        AggregateTest::AtMost,
        AggregateTest::MoreThan,
        AggregateTest::AtLeast,
    ]);
    let test = prop_oneof![
        4 => (compare, operand).prop_map(|(compare, operand)| compare(operand)),
        1 => between().prop_filter_map("two ends", |test| match test {
            Test::Between(low, high) => Some(AggregateTest::Between(low, high)),
            _ => None,
        }),
    ];
    (aggregate(), test)
        .prop_map(|(mut aggregate, test)| {
            if test.is_of_dates() {
                aggregate.function = AggregateFunction::Maximum;
                aggregate.by_quantity = false;
            }
            AggregateCondition { aggregate, test }
        })
        .prop_filter("a comparison that can be so or not", |leaf| {
            let when = Condition::Aggregate(Box::new(leaf.clone()));
            let rule = Rule { version: RULE_FORMAT, base: Base::Everyone, when };
            check(&rule, &Limits::default()).is_empty()
        })
}

/// Any valid sequence.
fn sequence() -> impl Strategy<Value = SequenceCondition<Named>> {
    let step = (any::<bool>(), filter(), option::of(span()))
        .prop_map(|(absent, event, within)| SequenceStep { absent, event, within });
    let same = option::weighted(0.4, (option::of(path()), path())).prop_map(|same| {
        same.map(|(list, path)| list.map_or_else(|| path.clone(), |list| Path::joined(&list, Some(&path))))
    });
    let first = filter().prop_map(|event| SequenceStep { absent: false, event, within: None });
    (first, vec(step, 1..4), same, count(), window())
        .prop_map(|(first, mut steps, same, count, window)| {
            steps.insert(0, first);
            SequenceCondition { steps, same, count, window }
        })
        .prop_filter("one that can be completed", |leaf| {
            let when = Condition::Sequence(Box::new(leaf.clone()));
            check(&Rule { version: RULE_FORMAT, base: Base::Everyone, when }, &Limits::default()).is_empty()
        })
}

fn cadence() -> impl Strategy<Value = CadenceCondition<Named>> {
    let test = prop::sample::select(vec![
        CadenceTest::LessThan as fn(Decimal) -> CadenceTest,
        CadenceTest::AtMost,
        CadenceTest::MoreThan,
        CadenceTest::AtLeast,
    ]);
    (filter(), test, 1_i64..30, 2_u32..8).prop_map(|(event, test, tenths, events_min)| {
        let factor = Decimal::from_billionths(i128::from(tenths) * 100_000_000);
        CadenceCondition { event, test: test(factor), events_min }
    })
}

/// Any valid filter on an event's properties.
pub fn predicate() -> impl Strategy<Value = Predicate> {
    let item = (path(), nested(property().boxed(), 2))
        .prop_map(|(list, inner)| Predicate::Item(ItemTest { list, predicate: Box::new(inner) }));
    nested(prop_oneof![3 => property(), 2 => item].boxed(), 3)
}

fn nested(leaf: BoxedStrategy<Predicate>, levels: u32) -> impl Strategy<Value = Predicate> {
    leaf.prop_recursive(levels, 8, 3, |inner| {
        prop_oneof![
            2 => vec(inner.clone(), 1..4).prop_map(Predicate::All),
            1 => vec(inner.clone(), 1..4).prop_map(Predicate::Any),
            1 => vec(inner.clone(), 1..4).prop_map(Predicate::None),
            1 => inner.prop_map(|part| Predicate::Not(Box::new(part))),
        ]
    })
}

fn property() -> impl Strategy<Value = Predicate> {
    (path(), any::<bool>(), test()).prop_map(|(property, match_case, test)| {
        Predicate::Property(PropertyTest { property, match_case, test })
    })
}

/// Names that are words, keywords, several words, or hold signs.
fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => prop::sample::select(vec!["Order Completed", "total", "VIP", "did", "not", "in", "seg_12", "where", "score", "today"])
            .prop_map(str::to_owned),
        1 => "[a-z_$][a-zA-Z0-9_-]{0,6}",
        1 => "[\\PC\n\t\"\\\\]{0,6}x",
    ]
}

fn path() -> impl Strategy<Value = Path> {
    let step = prop_oneof![
        4 => prop::sample::select(vec![
            "products", "category", "price", "country", "first name", "did", "is", "any", "trait", "a-b", "0",
            "orders", "spent", "net", "value", "items"
        ])
        .prop_map(str::to_owned),
        1 => "[a-zA-Zäß \"\\\\'(),0-9_-]{1,6}",
    ];
    vec(step, 1..3).prop_filter_map("a path", |steps| steps.join(".").parse().ok())
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![3 => "[a-zA-Z ]{1,8}", 1 => "[\\PC\u{0}\r\n\t\"\\\\]{1,6}", 1 => Just("2026-03-01".to_owned())]
}

fn number() -> impl Strategy<Value = Decimal> {
    prop_oneof![
        (-1_000_i64..10_000).prop_map(Decimal::from_i64),
        // Prices: a JSON number gives back every one of them.
        (-10_000_000_i128..10_000_000).prop_map(|cents| Decimal::from_billionths(cents * 10_000_000)),
    ]
}

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        text().prop_map(Value::text),
        number().prop_map(Value::Number),
        any::<bool>().prop_map(Value::Bool),
    ]
}

fn values() -> impl Strategy<Value = Vec<Value>> {
    vec(value(), 1..4)
}

fn scalar() -> impl Strategy<Value = Scalar> {
    prop_oneof![number().prop_map(Scalar::Number), moment().prop_map(Scalar::Date)]
}

fn between() -> impl Strategy<Value = Test> {
    prop_oneof![
        (number(), number()).prop_map(|(a, b)| (Scalar::Number(a.min(b)), Scalar::Number(a.max(b)))),
        (date(), date()).prop_map(|(a, b)| {
            (Scalar::Date(Moment::Date(a.min(b))), Scalar::Date(Moment::Date(a.max(b))))
        }),
    ]
    .prop_map(|(low, high)| Test::Between(low, high))
}

/// Any valid test of one value.
pub fn test() -> impl Strategy<Value = Test> {
    let patterns = vec!["^a+$", "\\d{2,}", "a|b", "[\"']", "\\\\"];
    prop_oneof![
        4 => prop_oneof![value().prop_map(Test::Is), value().prop_map(Test::IsNot)],
        2 => prop_oneof![values().prop_map(Test::In), values().prop_map(Test::NotIn)],
        2 => prop_oneof![
            text().prop_map(Test::Contains),
            text().prop_map(Test::NotContains),
            text().prop_map(Test::StartsWith),
            text().prop_map(Test::EndsWith),
            prop::sample::select(patterns).prop_map(|pattern| Test::Matches(pattern.to_owned())),
        ],
        3 => prop_oneof![
            scalar().prop_map(Test::LessThan),
            scalar().prop_map(Test::AtMost),
            scalar().prop_map(Test::MoreThan),
            scalar().prop_map(Test::AtLeast),
            between(),
            moment().prop_map(Test::Before),
            moment().prop_map(Test::Since),
        ],
        1 => prop_oneof![Just(Test::Exists), Just(Test::NotExists)],
        2 => prop_oneof![
            values().prop_map(Test::ContainsAny),
            values().prop_map(Test::ContainsAll),
            values().prop_map(Test::ContainsNone),
            count().prop_map(Test::Length),
        ],
    ]
}

/// Any valid comparison of a count.
pub fn count() -> impl Strategy<Value = CountTest> {
    prop_oneof![
        3 => Just(CountTest::default()),
        3 => (1_u64..10).prop_map(CountTest::AtLeast),
        1 => (0_u64..10).prop_map(CountTest::MoreThan),
        1 => (0_u64..10).prop_map(CountTest::Exactly),
        1 => (0_u64..10).prop_map(CountTest::Not),
        1 => (0_u64..10).prop_map(CountTest::AtMost),
        1 => (1_u64..10).prop_map(CountTest::LessThan),
        1 => (0_u64..10, 0_u64..10).prop_map(|(a, b)| CountTest::Between(a.min(b), a.max(b))),
    ]
}

fn span() -> impl Strategy<Value = Span> {
    let unit = prop::sample::select(vec![
        Unit::Second,
        Unit::Minute,
        Unit::Hour,
        Unit::Day,
        Unit::Week,
        Unit::Month,
        Unit::Quarter,
        Unit::Year,
    ]);
    (1_u32..100, unit).prop_map(|(count, unit)| Span { count, unit })
}

fn ago() -> impl Strategy<Value = Window> {
    let same_unit = (span(), 1_u32..50).prop_map(|(near, more)| Window::Ago {
        near,
        far: Span { count: (near.count + more).min(100), unit: near.unit },
    });
    let two_units = (1_u32..4).prop_map(|weeks| Window::Ago {
        near: Span { count: weeks, unit: Unit::Week },
        far: Span { count: weeks + 1, unit: Unit::Month },
    });
    prop_oneof![same_unit, two_units]
}

fn date() -> impl Strategy<Value = civil::Date> {
    (1_i16..=9999, 1_i8..=12, 1_i8..=28).prop_map(|(year, month, day)| civil::date(year, month, day))
}

fn moment() -> impl Strategy<Value = Moment> {
    prop_oneof![
        2 => date().prop_map(Moment::Date),
        1 => (date(), 0_i8..24, 0_i8..60, 0_i8..60, 0_i32..1000).prop_map(|(date, hour, minute, second, ms)| {
            Moment::Local(date.at(hour, minute, second, ms * 1_000_000))
        }),
        1 => (Instant::MIN.as_ms()..Instant::MAX.as_ms()).prop_map(|ms| Moment::Instant(Instant::from_ms(ms))),
    ]
}

fn range() -> impl Strategy<Value = Window> {
    prop_oneof![
        moment().prop_map(|from| Window::Range { from: Some(from), to: None }),
        moment().prop_map(|to| Window::Range { from: None, to: Some(to) }),
        (date(), date()).prop_map(|(a, b)| Window::Range {
            from: Some(Moment::Date(a.min(b))),
            to: Some(Moment::Date(a.max(b).tomorrow().unwrap_or(civil::Date::MAX))),
        }),
    ]
}

/// Any window that can hold something.
pub fn window() -> impl Strategy<Value = Window> {
    let period = prop::sample::select(vec![
        CalendarPeriod::Today,
        CalendarPeriod::Yesterday,
        CalendarPeriod::ThisWeek,
        CalendarPeriod::LastWeek,
        CalendarPeriod::ThisMonth,
        CalendarPeriod::LastMonth,
        CalendarPeriod::ThisQuarter,
        CalendarPeriod::LastQuarter,
        CalendarPeriod::ThisYear,
        CalendarPeriod::LastYear,
    ]);
    let weekday = prop::sample::select(vec![
        Weekday::Monday,
        Weekday::Tuesday,
        Weekday::Wednesday,
        Weekday::Thursday,
        Weekday::Friday,
        Weekday::Saturday,
        Weekday::Sunday,
    ]);
    prop_oneof![
        3 => Just(Window::AllTime),
        3 => span().prop_map(Window::Last),
        2 => ago(),
        2 => range(),
        1 => period.prop_map(Window::Calendar),
        1 => date().prop_map(Window::On),
        1 => weekday.prop_map(Window::SinceWeekday),
    ]
}
