//! The examples of `docs/import.md`, read from that page, on the first rows of the real files.

use expect_test::expect;

use super::{import, lines};

const PAGE: &str = include_str!("../../../../../docs/import.md");

/// The first code block of a language after a heading.
fn example(heading: &str) -> &'static str {
    let section = PAGE.split_once(heading).unwrap().1;
    section.split_once("```toml\n").unwrap().1.split_once("```").unwrap().0
}

#[test]
fn cdnow() {
    let rows = concat!(
        " customer_id  date number_of_cds  dollar_value\r\n",
        " 00001 19970101  1   11.77\r\n",
        " 00002 19970112  1   12.00\r\n",
        " 00002 19970112  5   77.00\r\n",
        " 00003 19970102  2   20.76\r\n",
    );
    expect![[r#"
        [1] Order Completed [user_id:00001] 1997-01-01T00:00:00.000Z abc123:1 {"currency":"USD","quantity":1,"total":11.77}
        [2] Order Completed [user_id:00002] 1997-01-12T00:00:00.000Z abc123:2 {"currency":"USD","quantity":1,"total":12}
        [3] Order Completed [user_id:00002] 1997-01-12T00:00:00.000Z abc123:3 {"currency":"USD","quantity":5,"total":77}
        [4] Order Completed [user_id:00003] 1997-01-02T00:00:00.000Z abc123:4 {"currency":"USD","quantity":2,"total":20.76}
    "#]].assert_eq(&lines(&import(rows, example("## Example: CDNOW"))));
}

#[test]
fn online_retail() {
    let rows = concat!(
        "Invoice,StockCode,Description,Quantity,InvoiceDate,Price,Customer ID,Country\n",
        "489434,85048,15CM CHRISTMAS GLASS BALL 20 LIGHTS,12,2009-12-01 07:45:00,6.95,13085.0,United Kingdom\n",
        "489434,79323P,\"PINK CHERRY LIGHTS, 2M\",12,2009-12-01 07:45:00,6.75,13085.0,United Kingdom\n",
        "C489449,22087,PAPER BUNTING WHITE LACE,-12,2009-12-01 10:33:00,2.95,16321.0,Australia\n",
        "489464,21733,,-96,2009-12-01 10:52:00,0.0,,United Kingdom\n",
    );
    expect![[r#"
        [1, 2] Order Completed [user_id:13085] 2009-12-01T07:45:00.000Z online_retail:489434 {"currency":"GBP","order_id":"489434","country":"United Kingdom","products":[{"product_id":"85048","name":"15CM CHRISTMAS GLASS BALL 20 LIGHTS","quantity":12,"price":6.95},{"product_id":"79323P","name":"PINK CHERRY LIGHTS, 2M","quantity":12,"price":6.75}],"total":164.4}
        [3] Order Cancelled [user_id:16321] 2009-12-01T10:33:00.000Z online_retail:C489449 {"currency":"GBP","order_id":"C489449","country":"Australia","products":[{"product_id":"22087","name":"PAPER BUNTING WHITE LACE","quantity":-12,"price":2.95}],"total":-35.4}
        [4] MissingIdentifier at row 4 (line 5): the event says nothing of who did it; send `userId` or `anonymousId`, or an email address or phone number in its traits <489464,21733,,-96,2009-12-01 10:52:00,0.0,,United Kingdom>
    "#]].assert_eq(&lines(&import(rows, example("## Example: Online Retail"))));
}

#[test]
fn the_example_of_json_lines() {
    let rows = "{\"user\":{\"id\":7,\"mail\":\"ann@example.com\"},\"action\":\"signup\",\"at\":1767312000,\"plan\":\"pro\"}\n";
    let mapping = example("## Example: JSON lines");
    let groups = super::import_with(rows.as_bytes(), Some(mapping), true, super::context()).unwrap();
    expect![[r#"
        [1] Signed Up [user_id:7 email:ann@example.com] 2026-01-02T00:00:00.000Z app_log:7:1767312000:signup {"plan":"pro"}
    "#]].assert_eq(&lines(&groups));
}
