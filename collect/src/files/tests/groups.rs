use expect_test::{Expect, expect};
use segops_model::Limits;

use super::{context, import, import_with, lines};
use crate::RejectionCode as Code;
use crate::files::{FileContext, ImportError};

const ORDERS: &str = r#"
name = "shop"
event = { name = "Order Completed" }
time = { columns = ["at"] }
identifiers = [{ column = "mail", kind = "email" }]
properties = [{ column = "order", property = "order_id", type = "text" }]
items = [
  { column = "sku", type = "text" },
  { column = "price", type = "number" },
  { column = "n", property = "quantity", type = "number" },
]
sums = [{ property = "total", multiply = ["price", "quantity"] }]
group_rows_by = ["order"]
id_columns = ["order"]
"#;

fn check(rows: &str, expected: Expect) {
    expected.assert_eq(&lines(&import(&format!("order,at,mail,sku,price,n\n{rows}"), ORDERS)));
}

#[test]
fn rows_of_one_order_are_one_event() {
    check(
        "7,2026-01-02,a@b.c,s1,0.1,3\n7,,,s2,19.99,2\n8,2026-01-03,d@b.c,s1,0.1,1\n",
        expect![[r#"
        [1, 2] Order Completed [email:a@b.c] 2026-01-02T00:00:00.000Z shop:7 {"order_id":"7","products":[{"sku":"s1","price":0.1,"quantity":3},{"sku":"s2","price":19.99,"quantity":2}],"total":40.28}
        [3] Order Completed [email:d@b.c] 2026-01-03T00:00:00.000Z shop:8 {"order_id":"8","products":[{"sku":"s1","price":0.1,"quantity":1}],"total":0.1}
    "#]],
    );
}

#[test]
fn a_bad_row_rejects_its_order_and_no_other() {
    check(
        "7,2026-01-02,a@b.c,s1,1,3\n7,,,s2,cheap,2\n8,2026-01-03,d@b.c,s1,1,1\n9,2026-01-03,,s1,1,1\n9,,,s2,1,1\n",
        expect![[r#"
            [1] GroupRejected at row 1 (line 2): row 2 of the same group is bad: column `price` holds `cheap`, and the mapping expects a number; correct the row, or map it as text <7,2026-01-02,a@b.c,s1,1,3>
            [2] InvalidValue at row 2 (line 3): column `price` holds `cheap`, and the mapping expects a number; correct the row, or map it as text <7,,,s2,cheap,2>
            [3] Order Completed [email:d@b.c] 2026-01-03T00:00:00.000Z shop:8 {"order_id":"8","products":[{"sku":"s1","price":1,"quantity":1}],"total":1}
            [4] MissingIdentifier at row 4 (line 5): the event says nothing of who did it; send `userId` or `anonymousId`, or an email address or phone number in its traits <9,2026-01-03,,s1,1,1>
            [5] MissingIdentifier at row 5 (line 6): the event says nothing of who did it; send `userId` or `anonymousId`, or an email address or phone number in its traits <9,,,s2,1,1>
        "#]],
    );
}

#[test]
fn an_order_of_two_customers_is_rejected() {
    check(
        "7,2026-01-02,a@b.c,s1,1,3\n7,,x@b.c,s2,1,2\n",
        expect![[r#"
        [1] GroupRejected at row 1 (line 2): row 2 of the same group is bad: the rows of one group name two customers in column `mail`: `a@b.c` and `x@b.c` <7,2026-01-02,a@b.c,s1,1,3>
        [2] InvalidIdentifier at row 2 (line 3): the rows of one group name two customers in column `mail`: `a@b.c` and `x@b.c` <7,,x@b.c,s2,1,2>
    "#]],
    );
}

#[test]
fn rows_that_are_apart_are_told_or_gathered() {
    let rows = "7,2026-01-02,a@b.c,s1,1,3\n8,2026-01-03,d@b.c,s1,1,1\n7,,,s2,1,2\n,2026-01-03,d@b.c,s1,1,1\n";
    check(
        rows,
        expect![[r#"
        [1] Order Completed [email:a@b.c] 2026-01-02T00:00:00.000Z shop:7 {"order_id":"7","products":[{"sku":"s1","price":1,"quantity":3}],"total":3}
        [2] Order Completed [email:d@b.c] 2026-01-03T00:00:00.000Z shop:8 {"order_id":"8","products":[{"sku":"s1","price":1,"quantity":1}],"total":1}
        [3] GroupScattered at row 3 (line 4): the other rows of `7` are not next to this one; sort the file, or set `scattered = true` <7,,,s2,1,2>
        [4] InvalidValue at row 4 (line 5): the row says nothing in order, which rows are grouped by <,2026-01-03,d@b.c,s1,1,1>
    "#]],
    );
    let mapping = format!("scattered = true\n{ORDERS}");
    expect![[r#"
        [4] InvalidValue at row 4 (line 5): the row says nothing in order, which rows are grouped by <,2026-01-03,d@b.c,s1,1,1>
        [1, 3] Order Completed [email:a@b.c] 2026-01-02T00:00:00.000Z shop:7 {"order_id":"7","products":[{"sku":"s1","price":1,"quantity":3},{"sku":"s2","price":1,"quantity":2}],"total":5}
        [2] Order Completed [email:d@b.c] 2026-01-03T00:00:00.000Z shop:8 {"order_id":"8","products":[{"sku":"s1","price":1,"quantity":1}],"total":1}
    "#]].assert_eq(&lines(&import(&format!("order,at,mail,sku,price,n\n{rows}"), &mapping)));
}

#[test]
fn gathering_stops_at_its_limit_with_a_clear_error() {
    let limits = Limits { import_buffer_bytes_max: 10_000, ..Limits::default() };
    let rows: String = (0..1_000).map(|n| format!("{n},2026-01-02,a@b.c,s,1,1\n")).collect();
    let file = format!("order,at,mail,sku,price,n\n{rows}");
    let mapping = format!("scattered = true\n{ORDERS}");
    let error =
        import_with(file.as_bytes(), Some(&mapping), false, FileContext { limits, ..context() }).unwrap_err();
    assert!(matches!(error, ImportError::BufferFull(10_000)));
}

#[test]
fn a_group_too_large_for_an_event_is_rejected_row_by_row() {
    let limits = Limits { event_bytes_max: 2_000, ..Limits::default() };
    let rows: String = (0..500).map(|_| "7,2026-01-02,a@b.c,s,1,1\n").collect();
    let file = format!("order,at,mail,sku,price,n\n{rows}8,2026-01-02,a@b.c,s,1,1\n");
    for mapping in [ORDERS.to_owned(), format!("scattered = true\n{ORDERS}")] {
        let small = FileContext { limits, ..context() };
        let groups = import_with(file.as_bytes(), Some(&mapping), false, small).unwrap();
        let rejected = groups.iter().filter_map(|group| group.outcome.as_ref().err());
        assert_eq!(rejected.filter(|rejection| rejection.code == Code::EventTooLarge).count(), 500);
        assert!(groups.last().unwrap().outcome.is_ok());
    }
}
