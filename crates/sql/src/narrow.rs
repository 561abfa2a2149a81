//! What a query's filters say of the event's name, its time and its profile: rows that are none of that are not read.

use datafusion::common::{Column, ScalarValue};
use datafusion::logical_expr::expr::InList;
use datafusion::logical_expr::{Between, BinaryExpr, Expr, Operator};
use segops_model::{Instant, ProfileId};

/// Profiles that are looked up one by one; of more, all are read.
const PROFILES_MAX: usize = 1_000;

/// What all filters together leave to be read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Narrowed {
    pub(crate) names: Option<Vec<String>>,
    pub(crate) profiles: Option<Vec<ProfileId>>,
    pub(crate) from: Option<Instant>,
    pub(crate) before: Option<Instant>,
}

/// One filter.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Test {
    Names(Vec<String>),
    Profiles(Vec<ProfileId>),
    Times { from: Option<Instant>, before: Option<Instant> },
}

/// Whether a filter says which rows need not be read.
pub(crate) fn is_narrowing(filter: &Expr) -> bool {
    !tests_of(filter).is_empty()
}

impl Narrowed {
    pub(crate) fn by(filters: &[Expr]) -> Self {
        let mut narrowed = Self::default();
        for test in filters.iter().flat_map(tests_of) {
            match test {
                Test::Names(names) => both(&mut narrowed.names, names),
                Test::Profiles(profiles) => both(&mut narrowed.profiles, profiles),
                Test::Times { from, before } => {
                    narrowed.from = narrowed.from.max(from);
                    narrowed.before = match (narrowed.before, before) {
                        (Some(one), Some(other)) => Some(one.min(other)),
                        (one, other) => one.or(other),
                    };
                }
            }
        }
        if narrowed.profiles.as_ref().is_some_and(|profiles| profiles.len() > PROFILES_MAX) {
            narrowed.profiles = None;
        }
        narrowed
    }
}

fn both<T: PartialEq>(held: &mut Option<Vec<T>>, other: Vec<T>) {
    *held = Some(match held.take() {
        Some(held) => held.into_iter().filter(|one| other.contains(one)).collect(),
        None => other,
    });
}

/// What holds wherever a filter holds.
fn tests_of(filter: &Expr) -> Vec<Test> {
    match filter {
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::And, right }) => {
            tests_of(left).into_iter().chain(tests_of(right)).collect()
        }
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::Or, right }) => {
            either(&tests_of(left), &tests_of(right)).into_iter().collect()
        }
        Expr::BinaryExpr(BinaryExpr { left, op, right }) => {
            let (column, op, literal) = match (left.as_ref(), right.as_ref()) {
                (Expr::Column(column), Expr::Literal(literal, _)) => (column, Some(*op), literal),
                (Expr::Literal(literal, _), Expr::Column(column)) => (column, op.swap(), literal),
                _ => return Vec::new(),
            };
            op.and_then(|op| comparison(column, op, literal)).into_iter().collect()
        }
        Expr::Between(Between { expr, negated: false, low, high }) => {
            match (expr.as_ref(), low.as_ref(), high.as_ref()) {
                (Expr::Column(column), Expr::Literal(low, _), Expr::Literal(high, _)) => {
                    let low = comparison(column, Operator::GtEq, low);
                    low.into_iter().chain(comparison(column, Operator::LtEq, high)).collect()
                }
                _ => Vec::new(),
            }
        }
        Expr::InList(InList { expr, list, negated: false }) => {
            let Expr::Column(column) = expr.as_ref() else { return Vec::new() };
            let tests = list.iter().map(|item| match item {
                Expr::Literal(literal, _) => comparison(column, Operator::Eq, literal),
                _ => None,
            });
            let Some(tests) = tests.collect::<Option<Vec<_>>>() else { return Vec::new() };
            let joined = tests
                .into_iter()
                .map(|test| vec![test])
                .reduce(|left, right| either(&left, &right).into_iter().collect());
            joined.unwrap_or_default()
        }
        _ => Vec::new(),
    }
}

/// What holds if one or the other does, where both say the same kind of thing.
fn either(left: &[Test], right: &[Test]) -> Option<Test> {
    match (left, right) {
        ([Test::Names(left)], [Test::Names(right)]) => {
            Some(Test::Names(left.iter().chain(right).cloned().collect()))
        }
        ([Test::Profiles(left)], [Test::Profiles(right)]) => {
            Some(Test::Profiles(left.iter().chain(right).copied().collect()))
        }
        _ => None,
    }
}

fn comparison(column: &Column, op: Operator, literal: &ScalarValue) -> Option<Test> {
    match (column.name.as_str(), op) {
        ("event", Operator::Eq) => Some(Test::Names(vec![literal.try_as_str()??.to_owned()])),
        ("profile", Operator::Eq) => {
            let ScalarValue::Int64(Some(number)) = literal else { return None };
            // No profile has a negative number.
            Some(Test::Profiles(u64::try_from(*number).ok().map(ProfileId).into_iter().collect()))
        }
        ("ts", op) => {
            let (instant, is_exact) = instant_of(literal)?;
            let next = instant.plus_ms(1);
            let (from, before) = match op {
                Operator::Eq => (Some(instant), Some(next)),
                Operator::GtEq => (Some(instant), None),
                Operator::Gt => (Some(if is_exact { next } else { instant }), None),
                Operator::Lt => (None, Some(if is_exact { instant } else { next })),
                Operator::LtEq => (None, Some(next)),
                _ => return None,
            };
            Some(Test::Times { from, before })
        }
        _ => None,
    }
}

/// The millisecond that an instant is in, and whether it is the very instant.
fn instant_of(literal: &ScalarValue) -> Option<(Instant, bool)> {
    let (ms, rest) = match literal {
        ScalarValue::TimestampSecond(Some(seconds), _) => (seconds.checked_mul(1_000)?, 0),
        ScalarValue::TimestampMillisecond(Some(ms), _) => (*ms, 0),
        ScalarValue::TimestampMicrosecond(Some(us), _) => (us.div_euclid(1_000), us.rem_euclid(1_000)),
        ScalarValue::TimestampNanosecond(Some(ns), _) => (ns.div_euclid(1_000_000), ns.rem_euclid(1_000_000)),
        _ => return None,
    };
    Some((Instant::from_ms(ms), rest == 0))
}
