//! Planted causes: what changes in some customers' lives from a day on, so that one can see whether an analysis finds it.

use std::fmt;
use std::str::FromStr;

/// From a day on, orders of some kind have a consequence. What they are of is all of [`PlantedCause::of`] together.
#[derive(Debug, Clone, PartialEq)]
pub struct PlantedCause {
    pub consequence: Consequence,
    /// How many of those whom it is about it happens to, from 0 to 1.
    pub share: f64,
    /// Days after the start from which on it happens; 0 for the whole time.
    pub from_day: u32,
    /// None: every order is.
    pub of: Vec<(OrderTrait, String)>,
}

/// What a planted cause does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Consequence {
    /// After such a first order, they never come again.
    Lose,
    /// After such a first order, they order again within [`RETURN_DAYS`] days, whoever they are.
    Return,
    /// They leave at the checkout of such an order, and don't place it.
    Abandon,
}

/// Within how many days those order again who [`Consequence::Return`].
pub const RETURN_DAYS: u32 = 45;

/// What is told apart of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrderTrait {
    Country,
    PaymentMethod,
    Coupon,
    /// Where the visit came from: `google`, `instagram`, `newsletter`, or `direct`.
    Source,
    /// Of any of its lines, as the other three.
    Category,
    Brand,
    Color,
    PriceBand,
}

const ORDER_TRAITS: [(&str, OrderTrait); 8] = [
    ("country", OrderTrait::Country),
    ("payment_method", OrderTrait::PaymentMethod),
    ("coupon", OrderTrait::Coupon),
    ("source", OrderTrait::Source),
    ("category", OrderTrait::Category),
    ("brand", OrderTrait::Brand),
    ("color", OrderTrait::Color),
    ("price_band", OrderTrait::PriceBand),
];

const CONSEQUENCES: [(&str, Consequence); 3] =
    [("lose", Consequence::Lose), ("return", Consequence::Return), ("abandon", Consequence::Abandon)];

/// Why a text names no planted cause.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CauseError {
    #[error("`{0}` is no part of a planted cause: each is NAME=VALUE, with a comma between two")]
    Part(String),
    #[error(
        "`{0}` is no part of a planted cause; there are one of lose, return and abandon with a share, from with a day, and country, payment_method, coupon, source, category, brand, color, price_band"
    )]
    Name(String),
    #[error("`{name}={value}` needs {expected}")]
    Value { name: String, value: String, expected: &'static str },
    #[error("a planted cause has one of lose=SHARE, return=SHARE and abandon=SHARE")]
    Consequence,
}

impl PlantedCause {
    /// Whether it is about an order of which `holds` says what it has.
    pub(crate) fn is_of(&self, holds: impl Fn(OrderTrait, &str) -> bool) -> bool {
        self.of.iter().all(|(one, value)| holds(*one, value))
    }
}

/// `lose=0.6,from=90,payment_method=invoice,country=DE`.
impl FromStr for PlantedCause {
    type Err = CauseError;

    fn from_str(text: &str) -> Result<Self, CauseError> {
        let (mut consequence, mut from_day, mut of) = (None, 0, Vec::new());
        for part in text.split(',').map(str::trim) {
            let (name, value) = part.split_once('=').ok_or_else(|| CauseError::Part(part.to_owned()))?;
            let (name, value) = (name.trim(), value.trim());
            let wrong =
                |expected| CauseError::Value { name: name.to_owned(), value: value.to_owned(), expected };
            if let Some((_, found)) = CONSEQUENCES.iter().find(|(known, _)| *known == name) {
                let share = value.parse().ok().filter(|share| (0.0..=1.0).contains(share));
                let share = share.ok_or_else(|| wrong("a share from 0 to 1"))?;
                if consequence.replace((*found, share)).is_some() {
                    return Err(CauseError::Consequence);
                }
            } else if name == "from" {
                from_day = value.parse().map_err(|_| wrong("a whole number of days after the start"))?;
            } else if let Some((_, found)) = ORDER_TRAITS.iter().find(|(known, _)| *known == name) {
                of.push((*found, value.to_owned()));
            } else {
                return Err(CauseError::Name(name.to_owned()));
            }
        }
        let (consequence, share) = consequence.ok_or(CauseError::Consequence)?;
        Ok(Self { consequence, share, from_day, of })
    }
}

impl fmt::Display for PlantedCause {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named = |wanted: Consequence| CONSEQUENCES.iter().find(|(_, known)| *known == wanted);
        let name = named(self.consequence).map_or("", |(name, _)| name);
        write!(formatter, "{name}={}", self.share)?;
        if self.from_day > 0 {
            write!(formatter, ",from={}", self.from_day)?;
        }
        for (one, value) in &self.of {
            let name = ORDER_TRAITS.iter().find(|(_, known)| known == one).map_or("", |(name, _)| name);
            write!(formatter, ",{name}={value}")?;
        }
        Ok(())
    }
}
