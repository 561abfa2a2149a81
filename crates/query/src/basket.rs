//! What is bought together and next, and which products bring customers.

mod acquisition;

#[cfg(test)]
mod tests;

use rustc_hash::FxHashMap;
use segops_model::{DAY_MS, Instant, Path};
use segops_rules::{Code, Problem, Window};
use serde::{Deserialize, Serialize};

use crate::as_rule::orders;
use crate::check::{CheckedEvent, Checker, Range};
use crate::error::AnalysisError;
use crate::event_definition::EventDefinition;
use crate::setting::Setting;
use crate::statistics::share;
use crate::values::ValueReader;
use crate::walk::{PlacedOrder, Profile, Reading, Visitor, walk};
pub(crate) use acquisition::run as run_acquisition;
pub use acquisition::{Acquired, Acquisition, AcquisitionAnswer};

/// Different items that are counted.
const ITEMS_MAX: usize = 1_000_000;
/// Pairs of items that are counted.
const PAIRS_MAX: usize = 10_000_000;
const RULES_MAX: usize = 10_000;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Basket {
    /// What of the order's lines is paired: `items[].product_id`, `items[].category`.
    pub item: Path,
    #[serde(default)]
    pub kind: BasketKind,
    #[serde(default = "all_time")]
    pub window: Window,
    /// How often both have to be bought for the pair to be told.
    #[serde(default = "ten")]
    pub orders_min: u64,
    /// How often the second has to come, of when the first does: from 0 to 1.
    #[serde(default)]
    pub confidence_min: f64,
    /// How many pairs are told.
    #[serde(default = "hundred")]
    pub top: usize,
}

pub(crate) const fn all_time() -> Window {
    Window::AllTime
}

const fn ten() -> u64 {
    10
}

const fn hundred() -> usize {
    100
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BasketKind {
    /// In one order.
    #[default]
    Together,
    /// In the customer's next order.
    Next,
    /// In the customer's next order, less than so many days later.
    NextWithinDays(u32),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BasketAnswer {
    /// Orders with an item; for what comes next, orders with an item that another followed.
    pub orders: u64,
    /// The greatest lift first; of equal ones what is bought most.
    pub pairs: Vec<BasketPair>,
    pub warnings: Vec<Problem>,
}

/// Who buys the first also buys the second.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BasketPair {
    pub first: String,
    pub second: String,
    pub both: u64,
    /// Orders with the first, and with the second; for what comes next, next orders with the second.
    pub with_first: u64,
    pub with_second: u64,
    /// `both / orders`
    pub support: f64,
    /// `both / with_first`
    pub confidence: f64,
    /// `confidence / (with_second / orders)`: how many times as often as by chance.
    pub lift: f64,
}

struct Checked {
    order: CheckedEvent,
    range: Range,
    warnings: Vec<Problem>,
}

fn check(basket: &Basket, setting: &Setting<'_>) -> Result<Checked, AnalysisError> {
    let mut checker = Checker::new(setting);
    let order = checker.event(&EventDefinition::Tree(orders()), "item");
    item_of_orders(&basket.item, &mut checker);
    let range = checker.range(&basket.window, "window");
    checker.within("top", "pairs", basket.top, 1, RULES_MAX);
    if basket.orders_min == 0 {
        checker.refuse(Code::NeverHolds, "orders_min", "pairs that were never bought", "at least 1");
    }
    if !(0.0..=1.0).contains(&basket.confidence_min) {
        let message = "a confidence is a share";
        checker.refuse(Code::UnsupportedValue, "confidence_min", message, "from 0 to 1");
    }
    if basket.kind == BasketKind::NextWithinDays(0) {
        checker.refuse(Code::NeverHolds, "kind", "the next order within no time", "at least one day");
    }
    let warnings = checker.finish()?;
    match order {
        Some(order) => Ok(Checked { order, range, warnings }),
        None => Err(AnalysisError::Definition(warnings)),
    }
}

/// Notes a path that leads to nothing that lines of orders ever had.
pub(crate) fn item_of_orders(item: &Path, checker: &mut Checker<'_>) {
    let is_line = item.split_list().is_some_and(|(list, rest)| list.to_string() == "items" && rest.is_some());
    if !is_line && item.split_list().is_some() {
        let message = format!("`{item}` is no property of an order's lines");
        checker.refuse(Code::UnsupportedPath, "item", message, "a path such as `items[].product_id`");
        return;
    }
    let names = checker.setting.names;
    let sent = item.to_string().replacen("items[]", "products[]", 1);
    if !names.property_exists(Some(segops_rules::ORDER_EVENT), &sent) {
        let known = names.property_names(Some(segops_rules::ORDER_EVENT));
        let near = segops_rules::nearest(&sent, known).map(|near| near.replacen("products[]", "items[]", 1));
        let suggestion = near.map(|near| format!("did you mean `{near}`?"));
        checker.warn(Code::UnknownProperty, "item", format!("no order ever had `{item}`"), suggestion);
    }
}

/// # Errors
/// Something is wrong with the definition, or history can't be read.
pub(crate) fn run(basket: &Basket, setting: &Setting<'_>) -> Result<BasketAnswer, AnalysisError> {
    let checked = check(basket, setting)?;
    let reader = ValueReader::new(&basket.item, false, &checked.order, &setting.calendar.zone);
    let mut items = Items::default();
    let mut counts = Counts::default();
    each_basket(basket, &checked, setting, &reader, &mut |first, second| {
        let first = items.numbers(first)?;
        counts.orders += 1;
        add_all(&mut counts.first, &first);
        match second {
            Some(second) => {
                let second = items.numbers(second)?;
                add_all(&mut counts.second, &second);
            }
            None => add_all(&mut counts.second, &first),
        }
        Ok(())
    })?;
    let pairs = pairs_of(basket, &checked, setting, &reader, &mut items, &counts)?;
    let mut rules: Vec<BasketPair> = pairs
        .into_iter()
        .filter(|(_, both)| *both >= basket.orders_min)
        .filter_map(|((first, second), both)| rule(&items, &counts, first, second, both))
        .filter(|pair| pair.confidence >= basket.confidence_min)
        .collect();
    rules.sort_by(|left, right| {
        let by_lift = right.lift.total_cmp(&left.lift);
        by_lift
            .then_with(|| right.both.cmp(&left.both))
            .then_with(|| (&left.first, &left.second).cmp(&(&right.first, &right.second)))
    });
    rules.truncate(basket.top);
    Ok(BasketAnswer { orders: counts.orders, pairs: rules, warnings: checked.warnings })
}

/// How often each item comes first, and second.
#[derive(Debug, Default)]
struct Counts {
    orders: u64,
    first: Vec<u64>,
    second: Vec<u64>,
}

fn add_all(counts: &mut Vec<u64>, items: &[u32]) {
    for item in items {
        let at = *item as usize;
        if counts.len() <= at {
            counts.resize(at + 1, 0);
        }
        if let Some(count) = counts.get_mut(at) {
            *count += 1;
        }
    }
}

/// How often each pair comes, of items that come often enough: a pair comes no more often than either.
fn pairs_of(
    basket: &Basket,
    checked: &Checked,
    setting: &Setting<'_>,
    reader: &ValueReader,
    items: &mut Items,
    counts: &Counts,
) -> Result<FxHashMap<(u32, u32), u64>, AnalysisError> {
    let mut pairs: FxHashMap<(u32, u32), u64> = FxHashMap::default();
    let often = |counts: &[u64], item: u32| {
        counts.get(item as usize).is_some_and(|count| *count >= basket.orders_min)
    };
    each_basket(basket, checked, setting, reader, &mut |first, second| {
        let first = items.numbers(first)?;
        let own = second.is_none();
        let second = match second {
            Some(second) => items.numbers(second)?,
            None => first.clone(),
        };
        for one in first.iter().filter(|one| often(&counts.first, **one)) {
            for two in second.iter().filter(|two| often(&counts.second, **two)) {
                if !own || one != two {
                    *pairs.entry((*one, *two)).or_default() += 1;
                }
            }
        }
        if pairs.len() > PAIRS_MAX {
            return Err(AnalysisError::Limit {
                what: "the pairs of items",
                max: PAIRS_MAX,
                advice: "ask for a greater `orders_min`, for categories, or for a shorter window",
            });
        }
        Ok(())
    })?;
    Ok(pairs)
}

fn rule(items: &Items, counts: &Counts, first: u32, second: u32, both: u64) -> Option<BasketPair> {
    let with_first = *counts.first.get(first as usize)?;
    let with_second = *counts.second.get(second as usize)?;
    let confidence = share(both, with_first);
    let expected = share(with_second, counts.orders);
    Some(BasketPair {
        first: items.names.get(first as usize)?.clone(),
        second: items.names.get(second as usize)?.clone(),
        both,
        with_first,
        with_second,
        support: share(both, counts.orders),
        confidence,
        lift: if expected > 0.0 { confidence / expected } else { 0.0 },
    })
}

/// Items by number, in the order in which they are first seen.
#[derive(Debug, Default)]
struct Items {
    numbers: FxHashMap<String, u32>,
    names: Vec<String>,
}

impl Items {
    fn numbers(&mut self, labels: &[(String, String)]) -> Result<Vec<u32>, AnalysisError> {
        let mut numbers = Vec::with_capacity(labels.len());
        for (key, shown) in labels {
            let number = match self.numbers.get(key) {
                Some(number) => *number,
                None if self.names.len() >= ITEMS_MAX => {
                    return Err(AnalysisError::Limit {
                        what: "the different items",
                        max: ITEMS_MAX,
                        advice: "choose a property with fewer values, or a shorter window",
                    });
                }
                None => {
                    let number = u32::try_from(self.names.len()).unwrap_or(u32::MAX);
                    self.numbers.insert(key.clone(), number);
                    self.names.push(shown.clone());
                    number
                }
            };
            numbers.push(number);
        }
        Ok(numbers)
    }
}

/// An order's items, each once, with the items of the order that followed, where it is those that are asked for.
type ShowBasket<'a> =
    dyn FnMut(&[(String, String)], Option<&[(String, String)]>) -> Result<(), AnalysisError> + 'a;

fn each_basket(
    basket: &Basket,
    checked: &Checked,
    setting: &Setting<'_>,
    reader: &ValueReader,
    show: &mut ShowBasket<'_>,
) -> Result<(), AnalysisError> {
    struct Each<'a, 'b> {
        kind: BasketKind,
        range: Range,
        reader: &'a ValueReader,
        show: &'a mut ShowBasket<'b>,
    }
    impl Visitor for Each<'_, '_> {
        fn end(&mut self, profile: &Profile) -> Result<(), AnalysisError> {
            let mut before: Option<(Instant, Vec<(String, String)>)> = None;
            for order in profile.counted_orders().filter(|order| self.range.holds(order.at.ts)) {
                let items = items_of(self.reader, order);
                let within_ms = match self.kind {
                    BasketKind::Together => {
                        if !items.is_empty() {
                            (self.show)(&items, None)?;
                        }
                        continue;
                    }
                    BasketKind::Next => i64::MAX,
                    BasketKind::NextWithinDays(days) => i64::from(days) * DAY_MS,
                };
                if let Some((at, items_before)) = &before
                    && order.at.ts.ms_since(*at) < within_ms
                    && !items_before.is_empty()
                {
                    (self.show)(items_before, Some(&items))?;
                }
                before = Some((order.at.ts, items));
            }
            Ok(())
        }
    }
    let reading = Reading { signals: Vec::new(), range: checked.range, orders: true, traits: false };
    walk(setting, &reading, &mut Each { kind: basket.kind, range: checked.range, reader, show })
}

/// The different items of an order.
pub(crate) fn items_of(reader: &ValueReader, order: &PlacedOrder) -> Vec<(String, String)> {
    let mut items = Vec::new();
    reader.labels(&order.event, |label| items.push((label.key, label.shown)));
    items
}
