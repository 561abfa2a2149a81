use expect_test::expect;

use super::{context, import_with, lines};

#[test]
fn lines_are_events_and_each_bad_one_is_rejected_alone() {
    let file = concat!(
        "{\"type\":\"track\",\"event\":\"A\",\"userId\":\"u\",\"messageId\":\"m1\",\"timestamp\":\"2026-01-02T00:00:00Z\",\"sentAt\":\"2026-01-02T00:00:09Z\"}\n",
        "\r\n  \n",
        "{\"type\":\"track\"\n",
        "{\"type\":\"identify\",\"userId\":\"u\",\"traits\":{\"plan\":\"pro\"},\"receivedAt\":\"2026-01-03T00:00:00Z\"}\r\n",
        "[1]\n",
        "{\"type\":\"page\",\"anonymousId\":\"a\",\"timestamp\":\"2026-03-05T00:00:00Z\"}",
    );
    let groups = import_with(file.as_bytes(), None, true, context()).unwrap();
    expect![[r#"
        [1] A [user_id:u] 2026-01-02T00:00:00.000Z m1 {}
        [2] InvalidJson at row 2 (line 4): the event is no JSON that can be read (EOF while parsing an object at line 1 column 15); send it as one JSON object in UTF-8 <{"type":"track">
        [3]  [user_id:u] 2026-01-03T00:00:00.000Z abc123:3 {} traits {"plan":"pro"}
        [4] NotAnObject at row 4 (line 6): the event is no JSON object; send it as {"type": "track", "event": …} <[1]>
        [5] TimestampInFuture at row 5 (line 7): the time 2026-03-05T00:00:00.000Z is more than 24 hours ahead of the import; correct the row, or the mapping's time format or zone <{"type":"page","anonymousId":"a","timestamp":"2026-03-05T00:00:00Z"}>
    "#]].assert_eq(&lines(&groups));
    let bad = import_with(b"\xef\xbb\xbf{\"a\":\"\xff\"}\n", None, true, context()).unwrap();
    expect![[r#"
        [1] InvalidEncoding at row 1 (line 1): the line is not UTF-8; save the file as UTF-8 <{"a":"�"}>
    "#]]
    .assert_eq(&lines(&bad));
}

#[test]
fn fields_of_any_shape_are_mapped_by_path() {
    let mapping = r#"
        name = "app"
        event = { column = "action" }
        time = { columns = ["ts"] }
        identifiers = [{ column = "user.id", kind = "user_id" }]
        properties = [{ column = "cart.value", property = "value", type = "number" }]
        id_columns = ["id"]
        rest = "properties"
    "#;
    let file = concat!(
        "{\"id\":1,\"action\":\"Bought\",\"ts\":1767312000123,\"user\":{\"id\":7},\"cart\":{\"value\":\"9.50\"},\"tags\":[\"x\"],\"none\":null}\n",
        "{\"id\":2,\"action\":\"Bought\",\"ts\":\"2026-01-02 10:00\",\"user\":{\"id\":[1]}}\n",
        "{\"id\":3,\"action\":\"Bought\",\"ts\":1767312000,\"user\":null}\n",
        "7\n",
        "{\n",
    );
    let groups = import_with(file.as_bytes(), Some(mapping), true, context()).unwrap();
    expect![[r#"
        [1] Bought [user_id:7] 2026-01-02T00:00:00.123Z app:1 {"tags":["x"],"value":9.5}
        [2] InvalidIdentifier at row 2 (line 2): column `user.id` holds no id but a list or object <{"id":2,"action":"Bought","ts":"2026-01-02 10:00","user":{"id":[1]}}>
        [3] MissingIdentifier at row 3 (line 3): the event says nothing of who did it; send `userId` or `anonymousId`, or an email address or phone number in its traits <{"id":3,"action":"Bought","ts":1767312000,"user":null}>
        [4] NotAnObject at row 4 (line 4): the line is no JSON object; write {…} <7>
        [5] InvalidJson at row 5 (line 5): the line is no JSON (EOF while parsing an object at line 1 column 1); write one object a line <{>
    "#]].assert_eq(&lines(&groups));
}
