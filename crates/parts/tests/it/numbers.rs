//! How many digits number columns have in files: as few as their numbers are known to need.

use std::sync::Arc;

use futures::executor::block_on;
use object_store::path::Path as ObjectPath;
use object_store::{ObjectStore, ObjectStoreExt as _};
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};
use segops_model::{Decimal, Instant, Object, Position, ProfileId, Value};
use segops_parts::{Effort, PartRow, PartsOptions, Tail};

use crate::history::{Numbers, row};
use crate::place::{all_rows, memory, open};

const BELOW_LIMIT: i128 = 999_999_999_999_999_999;

/// Orders with these totals, in billionths, each also the price of a line.
fn orders(from: u64, totals: &[i128]) -> Vec<PartRow> {
    let mut numbers = Numbers::new(7);
    let order = |(position, total): (u64, &i128)| {
        let mut row = row(&mut numbers, Position(position), ProfileId(position % 3));
        let amount = Value::Number(Decimal::from_billionths(*total));
        let line: Object = [("price", amount.clone())].into_iter().collect();
        row.event.name = "Order Completed".into();
        // All of one month, and so of one part.
        row.event.ts = Instant::from_ms(1_767_225_600_000 + i64::try_from(position).unwrap_or_default());
        row.event.properties =
            [("total", amount), ("products", Value::List(vec![Value::Object(line)]))].into_iter().collect();
        row
    };
    (from..).zip(totals).map(order).collect()
}

/// The types of the number columns of the one part that all rows end up in, flush after flush.
fn types_after(flushes: &[&[i128]]) -> Vec<String> {
    let store = memory();
    let parts = open(&store, PartsOptions::default()).expect("opened");
    let mut all = Vec::new();
    for totals in flushes {
        let from = all.len() as u64;
        let rows = orders(from, totals);
        all.extend(rows.iter().cloned());
        parts.flush(&Tail::of(rows, Vec::new(), Position(all.len() as u64))).expect("flushed");
    }
    while parts.compact(Effort::Full).expect("compacted").is_some() {}
    let mut held = all_rows(&parts.snapshot());
    held.sort_by_key(|row| row.position);
    assert_eq!(held, all, "every digit is there");
    let snapshot = parts.snapshot();
    let types = snapshot.manifest().parts.iter().flat_map(|part| number_types(&store, &part.path));
    types.collect()
}

fn number_types(store: &Arc<dyn ObjectStore>, path: &str) -> Vec<String> {
    let bytes = async { store.get(&ObjectPath::from(format!("shop/{path}"))).await?.bytes().await };
    let bytes = block_on(bytes).expect("readable");
    let metadata = ArrowReaderMetadata::load(&bytes, ArrowReaderOptions::new()).expect("Parquet");
    let leaves = metadata.parquet_schema().columns().iter();
    let numbers = leaves.filter(|leaf| leaf.name().ends_with(":number"));
    numbers.map(|leaf| format!("{} {}", leaf.path().parts().join("."), leaf.physical_type())).collect()
}

#[test]
fn small_numbers_are_stored_in_64_bits_once_they_are_known() {
    let types = types_after(&[&[1, 2_500_000_000, -3], &[BELOW_LIMIT, -BELOW_LIMIT]]);
    assert_eq!(types, ["products[]:items.list.item.price:number INT64", "total:number INT64"]);
}

#[test]
fn one_number_that_does_not_fit_keeps_its_column_wide() {
    for large in [BELOW_LIMIT + 1, -BELOW_LIMIT - 1] {
        let types = types_after(&[&[1, 2, 3], &[4, large]]);
        let wide = "FIXED_LEN_BYTE_ARRAY";
        assert_eq!(
            types,
            [format!("products[]:items.list.item.price:number {wide}"), format!("total:number {wide}")]
        );
    }
}
