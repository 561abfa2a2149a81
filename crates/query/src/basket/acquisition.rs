//! Which products, or categories, bring customers: what they do whose first order had them.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;
use segops_model::{DAY_MS, Decimal, Path};
use segops_rules::{Code, Problem, Window};
use serde::{Deserialize, Serialize};

use super::{all_time, item_of_orders, items_of};
use crate::as_rule::orders;
use crate::check::{Checker, Range};
use crate::cohorts::{CohortValue, by_currency};
use crate::error::AnalysisError;
use crate::event_definition::EventDefinition;
use crate::features::{Contrast, adjust};
use crate::setting::Setting;
use crate::statistics::share;
use crate::values::ValueReader;
use crate::walk::{Profile, Reading, Visitor, walk};

const ITEMS_MAX: usize = 1_000_000;
const DAYS_MAX: u32 = 3_660;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Acquisition {
    /// What of the first order's lines, or of the order: `items[].product_id`, `channel`.
    pub item: Path,
    /// How long customers are followed after the first order.
    #[serde(default = "days")]
    pub days: u32,
    /// When the first order of all time was.
    #[serde(default = "all_time")]
    pub window: Window,
    /// Items that brought fewer customers are left out.
    #[serde(default = "customers_min")]
    pub customers_min: u64,
}

const fn days() -> u32 {
    180
}

const fn customers_min() -> u64 {
    30
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AcquisitionAnswer {
    /// Whose first order lies in the window, and whose days are over.
    pub customers: u64,
    pub repeat_share: f64,
    pub value: Vec<CohortValue>,
    /// What brought most customers first.
    pub items: Vec<Acquired>,
    pub warnings: Vec<Problem>,
}

/// The customers whose first order had an item.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Acquired {
    pub item: String,
    pub customers: u64,
    pub share: f64,
    /// Who bought again within the days, beside everyone else.
    pub repeat: Contrast,
    /// What they spent within the days, net.
    pub value: Vec<CohortValue>,
}

#[derive(Debug, Clone, Default)]
struct Tally {
    customers: u64,
    repeat: u64,
    net: BTreeMap<Option<String>, Decimal>,
}

impl Tally {
    fn add(&mut self, is_repeat: bool, net: &BTreeMap<Option<String>, Decimal>) {
        self.customers += 1;
        self.repeat += u64::from(is_repeat);
        for (currency, amount) in net {
            let sum = self.net.entry(currency.clone()).or_default();
            *sum = [*sum, *amount].into_iter().sum();
        }
    }
}

/// # Errors
/// Something is wrong with the definition, or history can't be read.
pub(crate) fn run(
    acquisition: &Acquisition,
    setting: &Setting<'_>,
) -> Result<AcquisitionAnswer, AnalysisError> {
    let mut checker = Checker::new(setting);
    let order = checker.event(&EventDefinition::Tree(orders()), "item");
    item_of_orders(&acquisition.item, &mut checker);
    let range = checker.range(&acquisition.window, "window");
    if acquisition.days == 0 || acquisition.days > DAYS_MAX {
        let message = "customers can't be followed for so many days";
        checker.refuse(Code::NeverHolds, "days", message, format!("from 1 to {DAYS_MAX}"));
    }
    let warnings = checker.finish()?;
    let Some(order) = order else { return Err(AnalysisError::Definition(warnings)) };
    let mut gather = Gather {
        range,
        days_ms: i64::from(acquisition.days) * DAY_MS,
        now: setting.now,
        reader: ValueReader::new(&acquisition.item, false, &order, &setting.calendar.zone),
        all: Tally::default(),
        items: FxHashMap::default(),
    };
    let reading = Reading { signals: Vec::new(), range, orders: true, traits: false };
    walk(setting, &reading, &mut gather)?;
    let Gather { all, items, .. } = gather;
    let enough = items.into_values().filter(|(_, tally)| tally.customers >= acquisition.customers_min.max(1));
    let mut items: Vec<Acquired> = enough
        .map(|(item, tally)| {
            let others = (all.repeat - tally.repeat, all.customers - tally.customers);
            Acquired {
                item,
                customers: tally.customers,
                share: share(tally.customers, all.customers),
                repeat: Contrast::new((tally.repeat, tally.customers), others),
                value: by_currency(&tally.net, tally.customers),
            }
        })
        .collect();
    adjust(items.iter_mut().map(|item| &mut item.repeat));
    items
        .sort_by(|left, right| right.customers.cmp(&left.customers).then_with(|| left.item.cmp(&right.item)));
    Ok(AcquisitionAnswer {
        customers: all.customers,
        repeat_share: share(all.repeat, all.customers),
        value: by_currency(&all.net, all.customers),
        items,
        warnings,
    })
}

struct Gather {
    range: Range,
    days_ms: i64,
    now: segops_model::Instant,
    reader: ValueReader,
    all: Tally,
    items: FxHashMap<String, (String, Tally)>,
}

impl Visitor for Gather {
    fn end(&mut self, profile: &Profile) -> Result<(), AnalysisError> {
        let mut counted = profile.counted_orders();
        let Some(first) = counted.next() else { return Ok(()) };
        let at = first.at.ts;
        if !self.range.holds(at) || at.plus_ms(self.days_ms) > self.now {
            return Ok(());
        }
        let is_repeat = counted.next().is_some_and(|second| second.at.ts.ms_since(at) < self.days_ms);
        let mut net: BTreeMap<Option<String>, Decimal> = BTreeMap::new();
        let in_time = |ts: segops_model::Instant| ts.ms_since(at) < self.days_ms;
        for order in profile.orders.iter().filter(|order| !order.is_test && in_time(order.at.ts)) {
            let currency = order.currency.as_ref().map(|currency| currency.as_str().to_ascii_uppercase());
            let sum = net.entry(currency).or_default();
            *sum = [*sum, order.net].into_iter().sum();
        }
        self.all.add(is_repeat, &net);
        for (key, shown) in items_of(&self.reader, first) {
            if self.items.len() >= ITEMS_MAX && !self.items.contains_key(&key) {
                return Err(AnalysisError::Limit {
                    what: "the different items",
                    max: ITEMS_MAX,
                    advice: "choose a property with fewer values, or a shorter window",
                });
            }
            self.items.entry(key).or_insert_with(|| (shown, Tally::default())).1.add(is_repeat, &net);
        }
        Ok(())
    }
}
