//! Record batches in no order hold the same rows, with properties as columns, whether a part has such a column or not.

use arrow_array::Array;
use arrow_array::cast::AsArray;
use arrow_array::types::{Decimal128Type, TimestampMillisecondType, UInt64Type};
use segops_model::{Decimal, ProfileId, Value};
use segops_parts::{PartRow, RowFilter, ScalarKind, Snapshot, TableRequest, TypedColumn};

/// What a row has in the columns that are asked for.
type Row = (u64, u64, i64, String, Option<Decimal>, Option<String>, Option<String>);

const PROPERTIES: [(&str, ScalarKind); 3] =
    [("total", ScalarKind::Number), ("coupon", ScalarKind::Text), ("context.locale", ScalarKind::Text)];

fn column(path: &str, kind: ScalarKind) -> TypedColumn {
    TypedColumn::scalar(path.parse().expect("a path"), kind)
}

fn expected(row: &PartRow) -> Row {
    let value = |path: &str| {
        let path: segops_model::Path = path.parse().expect("a path");
        path.in_event(&row.event).cloned()
    };
    let text = |path: &str| value(path).as_ref().and_then(Value::scalar_text).map(|text| text.to_string());
    (
        row.position.0,
        row.profile.0,
        row.event.ts.as_ms(),
        row.event.name.to_string(),
        value("total").as_ref().and_then(Value::as_number),
        text("coupon"),
        text("context.locale"),
    )
}

fn read(snapshot: &Snapshot, request: TableRequest) -> Vec<Row> {
    let typed = PROPERTIES.map(|(path, kind)| column(path, kind));
    let request = TableRequest { fixed: vec!["event".to_owned()], typed: typed.to_vec(), ..request };
    let mut rows = Vec::new();
    for piece in snapshot.table(request) {
        let mut scan = piece.scan();
        while let Some(batch) = scan.next_batch().expect("readable") {
            let named = |name: &str| batch.column_by_name(name).expect("the column").clone();
            let numbers = |name: &str| named(name).as_primitive::<UInt64Type>().values().to_vec();
            let (positions, profiles) = (numbers("position"), numbers("profile"));
            let ts = named("ts").as_primitive::<TimestampMillisecondType>().values().to_vec();
            let totals = named("total:number");
            let totals = totals.as_primitive::<Decimal128Type>();
            let text = |name: &str, row: usize| {
                let column = named(name);
                let texts = column.as_string::<i32>();
                (!texts.is_null(row)).then(|| texts.value(row).to_owned())
            };
            for row in 0..batch.num_rows() {
                rows.push((
                    positions[row],
                    profiles[row],
                    ts[row],
                    text("event", row).expect("each has a name"),
                    (!totals.is_null(row)).then(|| Decimal::from_billionths(totals.value(row))),
                    text("coupon:text", row),
                    text("context.locale:text", row),
                ));
            }
        }
    }
    rows.sort_unstable();
    rows
}

/// All rows, those of a name and a time, and those of some profiles, are what the naive history says.
pub(crate) fn compare_table(snapshot: &Snapshot, truth: &[PartRow], profiles: &[ProfileId]) {
    let those = |is_wanted: &dyn Fn(&PartRow) -> bool| {
        let mut rows: Vec<Row> = truth.iter().filter(|row| is_wanted(row)).map(expected).collect();
        rows.sort_unstable();
        rows
    };
    assert_eq!(read(snapshot, TableRequest::default()), those(&|_| true), "all rows");
    let Some(middle) = truth.get(truth.len() / 2) else { return };
    let (name, ts) = (middle.event.name.as_str(), middle.event.ts);
    let filter = RowFilter { from: Some(ts), ..RowFilter::default() };
    let request = TableRequest { names: Some(vec![name.to_owned()]), filter, ..TableRequest::default() };
    assert_eq!(
        read(snapshot, request),
        those(&|row| row.event.name == name && row.event.ts >= ts),
        "rows of {name} from an instant on"
    );
    let some: Vec<ProfileId> = profiles.iter().copied().step_by(profiles.len() / 3 + 1).collect();
    let request = TableRequest { profiles: Some(some.clone()), ..TableRequest::default() };
    // Rows of others may come along.
    let mut of_some = read(snapshot, request);
    of_some.retain(|(_, profile, ..)| some.contains(&ProfileId(*profile)));
    assert_eq!(of_some, those(&|row| some.contains(&row.profile)), "rows of {some:?}");
}
