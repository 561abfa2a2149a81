use expect_test::expect;

use super::{context, lines};
use crate::files::{ImportError, Mapping, RowGroup, read_objects};

const COLUMNS: [&str; 6] = ["Order ID", "ship.to", "ship", "customer", "total", "day"];

fn read(mapping: &str, file: &str) -> Result<Vec<RowGroup>, ImportError> {
    let columns = COLUMNS.map(str::to_owned);
    read_objects(file.as_bytes(), &columns, &Mapping::parse(mapping)?, context())?.collect()
}

#[test]
fn a_column_is_the_whole_of_its_name_or_a_path_into_one() {
    let mapping = r#"
        name = "orders"
        event = { name = "Order Completed" }
        time = { columns = ["day"] }
        identifiers = [{ column = "customer", kind = "user_id" }]
        properties = [
          { column = "ship.to" },
          { column = "ship.city", property = "city" },
          { column = "Order ID", property = "order_id", type = "text" },
        ]
        id_columns = ["Order ID"]
        rest = "properties"
    "#;
    let file = concat!(
        "{\"Order ID\":7,\"ship.to\":\"a door\",\"ship\":{\"city\":\"Wien\",\"zip\":\"1010\"},\"customer\":\"9223372036854775809\",\"total\":\"12345678901234567.25\",\"day\":\"2026-01-02\"}\n",
        "{\"Order ID\":8,\"customer\":1,\"total\":9.5,\"day\":\"2026-01-02\"}\n",
        "{\"Order ID\":9,\"day\":\"2026-01-02\"}\n",
        "{}\n",
    );
    let groups = read(mapping, file).unwrap();
    expect![[r#"
        [1] Order Completed [user_id:9223372036854775809] 2026-01-02T00:00:00.000Z orders:7 {"total":"12345678901234567.25","ship.to":"a door","city":"Wien","order_id":"7"}
        [2] Order Completed [user_id:1] 2026-01-02T00:00:00.000Z orders:8 {"total":9.5,"order_id":"8"}
        [3] MissingIdentifier at row 3 (line 3): the event says nothing of who did it; send `userId` or `anonymousId`, or an email address or phone number in its traits <{"Order ID":9,"day":"2026-01-02"}>
        [4] InvalidValue at row 4 (line 4): the row says nothing in the id columns, so a second import could not know it again <{}>
    "#]].assert_eq(&lines(&groups));
}

#[test]
fn a_column_that_is_not_there_is_told_with_those_that_are() {
    let mapping = r#"
        event = { name = "Order Completed" }
        identifiers = [{ column = "custmer", kind = "user_id" }]
        properties = [{ column = "shop.city" }, { column = "ship.city" }]
    "#;
    let error = read(mapping, "{}\n").expect_err("refused");
    expect!["the mapping does not fit: there is no column `custmer`; the file has `Order ID`, `ship.to`, `ship`, `customer`, `total`, `day`; there is no column `shop.city`; the file has `Order ID`, `ship.to`, `ship`, `customer`, `total`, `day`"].assert_eq(&error.to_string());
}
