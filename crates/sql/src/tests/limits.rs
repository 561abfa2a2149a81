use std::time::Duration;

use segops_model::Limits;
use serde_json::{Value, json};

use super::sample::{Shop, all_over, batches, bytes, query, rows_of, service, start};
use crate::{Format, Query, SqlError};

/// Takes for ever, a row at a time, so that it never needs more memory however slowly it is read.
const ENDLESS: &str = "WITH RECURSIVE counted(number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM counted WHERE number < 1000000000000) SELECT max(number) FROM counted";

#[tokio::test(flavor = "multi_thread")]
async fn a_query_that_takes_too_long_is_ended() {
    let sql = service(Limits::default());
    let asked = Query { seconds: Some(1), ..query(ENDLESS) };
    let error = batches(&sql, asked, Shop::new(false)).await.unwrap_err();
    assert_eq!(error, SqlError::Time { seconds: 1 });
    all_over(&sql).await;
    let again = batches(&sql, query("SELECT 1"), Shop::new(false)).await;
    assert_eq!(again.unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_that_needs_too_much_memory_is_ended() {
    let sql = service(Limits { sql_memory_bytes_max: 4 * 1024 * 1024, ..Limits::default() });
    for text in [
        "SELECT value FROM generate_series(1, 3000000) ORDER BY value % 1000, value",
        "SELECT value, count(*) FROM generate_series(1, 3000000) GROUP BY value",
        "SELECT count(*) FROM (SELECT DISTINCT value::text FROM generate_series(1, 3000000))",
        "SELECT array_agg(value) FROM generate_series(1, 3000000)",
        "SELECT count(*) FROM generate_series(1, 3000000) a JOIN generate_series(1, 3000000) b ON a.value = b.value",
        "SELECT sum(value) OVER (ORDER BY value % 7) FROM generate_series(1, 3000000)",
    ] {
        let error = batches(&sql, query(text), Shop::new(false)).await.err();
        assert!(matches!(error, Some(SqlError::Memory(_))), "{text}: {error:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_is_cancelled_by_its_number_and_by_going_away() {
    let sql = service(Limits::default());
    let running = {
        let sql = sql.clone();
        tokio::spawn(async move { batches(&sql, query(ENDLESS), Shop::new(false)).await })
    };
    let listed = loop {
        if let Some(listed) = sql.running().pop() {
            break listed;
        }
        tokio::task::yield_now().await;
    };
    assert_eq!((listed.text.as_str(), listed.asker.as_str()), (ENDLESS, "ann"));
    assert!(sql.cancel(listed.id));
    assert_eq!(running.await.unwrap().unwrap_err(), SqlError::Cancelled);
    all_over(&sql).await;
    assert!(!sql.cancel(listed.id));

    let answering = start(&sql, query(ENDLESS), Shop::new(false)).await.unwrap();
    assert_eq!(sql.running().len(), 1);
    drop(answering);
    all_over(&sql).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn queries_past_their_number_wait_and_then_are_told() {
    let sql = service(Limits { sql_queries_max: 1, ..Limits::default() });
    let answering = start(&sql, query(ENDLESS), Shop::new(false)).await.unwrap();
    let impatient = Query { seconds: Some(0), ..query("SELECT 1") };
    let error = start(&sql, impatient, Shop::new(false)).await.unwrap_err();
    assert_eq!(error, SqlError::Busy { limit: 1 });
    let patient = {
        let sql = sql.clone();
        tokio::spawn(async move { batches(&sql, query("SELECT 1"), Shop::new(false)).await })
    };
    drop(answering);
    assert_eq!(patient.await.unwrap().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn json_ends_at_its_limits_and_says_so() {
    let ask = async |limits: Limits, rows: Option<usize>| -> Value {
        let sql = service(limits);
        let text = "SELECT value FROM generate_series(1, 30000) ORDER BY value";
        serde_json::from_slice(&bytes(&sql, query(text), Format::Json, rows).await.unwrap()).unwrap()
    };
    let whole = ask(Limits::default(), None).await;
    assert_eq!((&whole["row_count"], &whole["truncated"]), (&json!(30_000), &json!(false)));
    let by_rows = ask(Limits { sql_rows_max: 10_000, ..Limits::default() }, Some(20_000)).await;
    assert_eq!((&by_rows["row_count"], &by_rows["truncated"]), (&json!(10_000), &json!(true)));
    assert_eq!(by_rows["rows"].as_array().unwrap().len(), 10_000);
    let asked = ask(Limits::default(), Some(3)).await;
    assert_eq!((&asked["rows"], &asked["truncated"]), (&json!([[1], [2], [3]]), &json!(true)));
    let exact = ask(Limits::default(), Some(30_000)).await;
    assert_eq!(exact["truncated"], json!(false));
    let by_bytes = ask(Limits { sql_result_bytes_max: 100, ..Limits::default() }, None).await;
    assert_eq!(by_bytes["truncated"], json!(true));
    assert!(by_bytes["rows"].to_string().len() <= 100);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_reader_holds_a_query_back_and_loses_it_in_time() {
    let sql = service(Limits::default());
    let asked = Query { seconds: Some(1), ..query("SELECT * FROM generate_series(1, 100000000)") };
    let mut answering = start(&sql, asked, Shop::new(false)).await.unwrap();
    assert!(answering.next().await.unwrap().is_some());
    all_over(&sql).await;
    let ended = async {
        while answering.next().await?.is_some() {}
        Ok(())
    };
    let ended: Result<(), SqlError> = tokio::time::timeout(Duration::from_secs(30), ended).await.unwrap();
    assert_eq!(ended, Err(SqlError::Time { seconds: 1 }));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_may_be_so_long_and_no_longer() {
    let filler = "x".repeat(300 * 1024);
    let error = rows_of(&format!("SELECT '{filler}'"), Shop::new(false)).await.unwrap_err();
    assert!(matches!(error, SqlError::TooLong { setting: "sql_bytes_max", .. }), "{error:?}");
    let many = vec!["1"; 12_000].join("+");
    let error = rows_of(&format!("SELECT {many}"), Shop::new(false)).await.unwrap_err();
    assert!(matches!(error, SqlError::TooLong { setting: "sql_tokens_max", .. }), "{error:?}");
}
