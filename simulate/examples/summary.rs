//! Prints what a store of a given size consists of: `cargo run --example summary -- CUSTOMERS DAYS SEED`.

use std::collections::BTreeMap;
use std::error::Error;

use segops_simulate::{Store, StoreConfig};

fn main() -> Result<(), Box<dyn Error>> {
    let mut numbers = std::env::args().skip(1).map(|text| text.parse::<u32>());
    let mut next = |default: u32| numbers.next().unwrap_or(Ok(default));
    let (customers, days, seed) = (next(1_000)?, next(90)?, next(7)?);
    let start = "2026-01-01T00:00:00Z".parse()?;
    let config = StoreConfig { keep_truth: true, ..StoreConfig::new(seed.into(), customers, days, start) };
    let mut store = Store::new(config)?;
    let bytes: usize = (&mut store).map(|event| event.json.len() + 1).sum();
    println!("{}", store.statistics());
    println!("{bytes:>12}  bytes as NDJSON");
    let mut by_orders = BTreeMap::new();
    for customer in store.truth() {
        *by_orders.entry((customer.habit, customer.orders.min(10))).or_insert(0_u32) += 1;
    }
    for ((habit, orders), count) in by_orders {
        println!("{count:>12}  {habit:?} with {orders} orders{}", if orders == 10 { " or more" } else { "" });
    }
    Ok(())
}
