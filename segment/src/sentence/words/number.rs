//! Counts and amounts.

use segops_model::{Decimal, Path};
use segops_rules::CountTest;

/// Properties that hold money, by the names of the usual tracking plans.
const MONEY: [&str; 14] = [
    "total", "subtotal", "revenue", "value", "price", "discount", "shipping", "tax", "amount", "refund",
    "cost", "spend", "net", "gross",
];
/// Currencies without a smaller unit.
const WHOLE: [&str; 8] = ["JPY", "KRW", "VND", "CLP", "ISK", "XAF", "XOF", "UGX"];

/// Whether a property's numbers are money.
pub(super) fn is_money(property: &Path) -> bool {
    let path = property.to_string();
    let last = path.rsplit('.').next().unwrap_or_default().trim_end_matches("[]").to_lowercase();
    MONEY.contains(&last.as_str())
}

/// `1,234.50 EUR`.
pub(super) fn money(number: Decimal, currency: &str) -> String {
    let currency = currency.to_uppercase();
    let text = grouped_decimal(number);
    let text = match text.split_once('.') {
        None if WHOLE.contains(&currency.as_str()) => text,
        None => format!("{text}.00"),
        Some((_, cents)) if cents.len() == 1 => format!("{text}0"),
        Some(_) => text,
    };
    format!("{text} {currency}")
}

/// `1,234`.
fn grouped(number: u64) -> String {
    group(&number.to_string())
}

pub(super) fn grouped_decimal(number: Decimal) -> String {
    let text = number.to_string();
    let (sign, digits) = text.strip_prefix('-').map_or(("", text.as_str()), |digits| ("-", digits));
    match digits.split_once('.') {
        Some((whole, part)) => format!("{sign}{}.{part}", group(whole)),
        None => format!("{sign}{}", group(digits)),
    }
}

fn group(digits: &str) -> String {
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `no orders`, `1 order`, `2 orders`, `2 or more orders`.
pub(in crate::sentence) fn counted(count: u64, or_more: bool, one: &str, many: &str) -> String {
    match (count, or_more) {
        (0, _) => format!("no {many}"),
        (1, false) => format!("1 {one}"),
        (count, false) => format!("{} {many}", grouped(count)),
        (count, true) => format!("{} or more {many}", grouped(count)),
    }
}

/// `never`, `once`, `twice`, `3 times`.
pub(in crate::sentence) fn often(count: u64) -> String {
    match count {
        0 => "never".to_owned(),
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        count => format!("{} times", grouped(count)),
    }
}

/// Which counts are asked for: from one number to another, or all but those.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::sentence) struct Need {
    pub(in crate::sentence) least: u64,
    pub(in crate::sentence) most: Option<u64>,
    pub(in crate::sentence) is_outside: bool,
}

impl Need {
    pub(in crate::sentence) const AT_LEAST_ONE: Self = Self { least: 1, most: None, is_outside: false };
    pub(in crate::sentence) const NONE: Self = Self { least: 0, most: Some(0), is_outside: false };

    /// What a test asks for, or with `wanted` false what its negation does.
    pub(in crate::sentence) fn of(test: CountTest, wanted: bool) -> Self {
        let (least, most, negated) = match test {
            CountTest::AtLeast(n) => (n, None, false),
            CountTest::MoreThan(n) => (n.saturating_add(1), None, false),
            CountTest::Exactly(n) => (n, Some(n), false),
            CountTest::Not(n) => (n, Some(n), true),
            CountTest::AtMost(n) => (0, Some(n), false),
            CountTest::LessThan(n) => (0, Some(n.saturating_sub(1)), false),
            CountTest::Between(low, high) => (low, Some(high), false),
        };
        match (negated == wanted, least, most) {
            (false, ..) => Self { least, most, is_outside: false },
            (true, 0, Some(most)) => Self { least: most.saturating_add(1), most: None, is_outside: false },
            (true, least, None) if least > 0 => Self { least: 0, most: Some(least - 1), is_outside: false },
            (true, ..) => Self { least, most, is_outside: true },
        }
    }

    /// `2`, `none`, `at most 3`, `exactly 2`, `2 to 4`.
    pub(in crate::sentence) fn text(self) -> String {
        let Self { least, most, is_outside } = self;
        match (is_outside, least, most) {
            (false, least, None) => grouped(least),
            (false, 0, Some(0)) => "none".to_owned(),
            (false, 0, Some(most)) => format!("at most {}", grouped(most)),
            (false, least, Some(most)) if least == most => format!("exactly {}", grouped(least)),
            (false, least, Some(most)) => format!("{} to {}", grouped(least), grouped(most)),
            (true, least, Some(most)) if least == most => format!("any number but {}", grouped(least)),
            (true, least, Some(most)) => format!("under {} or over {}", grouped(least), grouped(most)),
            (true, least, None) => format!("under {}", grouped(least)),
        }
    }
}
