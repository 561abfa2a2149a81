//! Queries made to harm: each has an answer or a clear error, soon and within bounds.

use std::time::Duration;

use segops_model::Limits;

use super::sample::{Shop, batches, query, service};
use crate::{Query, SqlError};

async fn outcome(text: &str) -> Result<usize, SqlError> {
    let sql = service(Limits { sql_memory_bytes_max: 64 * 1024 * 1024, ..Limits::default() });
    let asked = Query { seconds: Some(10), ..query(text) };
    let answered =
        tokio::time::timeout(Duration::from_secs(60), batches(&sql, asked, Shop::new(false))).await;
    let shown: String = text.chars().take(80).collect();
    let answered = answered.unwrap_or_else(|_| panic!("{shown} hangs"));
    answered.map(|batches| batches.iter().map(datafusion::arrow::array::RecordBatch::num_rows).sum())
}

async fn refused(text: &str) -> SqlError {
    match outcome(text).await {
        Ok(rows) => panic!("{} gives {rows} rows", text.chars().take(80).collect::<String>()),
        Err(error @ SqlError::Internal(_)) => {
            panic!("{}: {error}", text.chars().take(80).collect::<String>())
        }
        Err(error) => error,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nests_deep_is_refused() {
    let deep = format!("SELECT {}1{}", "(".repeat(5_000), ")".repeat(5_000));
    assert!(refused(&deep).await.to_string().contains("nests too deep"));
    let mut query = "SELECT 1 AS a".to_owned();
    for _ in 0..500 {
        query = format!("SELECT a FROM ({query})");
    }
    assert!(refused(&query).await.to_string().contains("nests too deep"));
    let case = format!("SELECT {}1{}", "CASE WHEN true THEN ".repeat(1_000), " END".repeat(1_000));
    assert!(matches!(refused(&case).await, SqlError::Query { .. }));
}

#[tokio::test(flavor = "multi_thread")]
async fn long_chains_are_answered_or_refused() {
    for text in [
        format!("SELECT {}", vec!["1"; 3_000].join("+")),
        format!("SELECT count(*) FROM events WHERE {}", vec!["event = 'x'"; 2_000].join(" OR ")),
        format!("SELECT count(*) FROM events WHERE profile IN ({})", vec!["1"; 9_000].join(",")),
        vec!["SELECT 1"; 300].join(" UNION ALL "),
        format!("SELECT {}", vec!["'a'"; 2_000].join("||")),
    ] {
        match outcome(&text).await {
            Ok(_) | Err(SqlError::Query { .. } | SqlError::Memory(_) | SqlError::Time { .. }) => {}
            Err(other) => panic!("{}: {other:?}", text.chars().take(80).collect::<String>()),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn much_is_not_made_of_little() {
    for text in [
        "SELECT repeat('x', 2000000000)".to_owned(),
        "SELECT repeat('x', 2000000000) FROM generate_series(1, 100000)".to_owned(),
        "SELECT length(repeat('x', value * 100000)) FROM generate_series(1, 100000)".to_owned(),
        "SELECT lpad('x', 2000000000, 'y')".to_owned(),
        "SELECT rpad(event, 2000000000, 'y') FROM events".to_owned(),
        "SELECT range(1, 100000000000)".to_owned(),
        "SELECT generate_series(TIMESTAMP '0001-01-01', TIMESTAMP '9999-01-01', INTERVAL '1 second')"
            .to_owned(),
        "SELECT array_repeat(1, 10000000000)".to_owned(),
        "SELECT array_resize(ARRAY[1], 10000000000, 1)".to_owned(),
        "SELECT replace(repeat('a', 1000000), 'a', repeat('b', 1000000))".to_owned(),
        "SELECT regexp_replace(repeat('a', 1000000), 'a', repeat('b', 1000000), 'g')".to_owned(),
        doubling("a || a"),
        doubling("concat(a, a)"),
        doubling("concat_ws('', a, a)"),
        doubling("replace(a, 'e', 'ee')"),
        doubling("overlay(a placing a from 1 for 0)"),
        doubling("upper(a || a)"),
    ] {
        let error = refused(&text).await;
        assert!(
            matches!(error, SqlError::Memory(_) | SqlError::Query { .. } | SqlError::Run(_)),
            "{text}: {error:?}"
        );
    }
    for text in ["SELECT struct(1, 2)", "SELECT named_struct('a', 1)", "SELECT map(['a'], [1])"] {
        assert!(matches!(refused(text).await, SqlError::Query { .. }), "{text}");
    }
    assert_eq!(outcome("SELECT repeat('x', 1000) || lpad('x', 10, 'y') FROM events").await, Ok(60));
    assert_eq!(outcome("SELECT ARRAY[1, 2] || ARRAY[3], range(1, 5)").await, Ok(1));
}

/// A text that doubles forty times, one step of a query after the other.
fn doubling(step: &str) -> String {
    let mut ctes = vec!["t0 AS (SELECT event AS a FROM events)".to_owned()];
    for at in 1..40 {
        ctes.push(format!("t{at} AS (SELECT {step} AS a FROM t{} LIMIT 60)", at - 1));
    }
    format!("WITH {} SELECT length(a) FROM t39", ctes.join(", "))
}

#[tokio::test(flavor = "multi_thread")]
async fn products_of_tables_and_endless_rows_are_ended() {
    for text in [
        "SELECT count(*) FROM events a, events b, events c, events d, events e, events f, events g",
        "SELECT * FROM events a, events b, events c, events d, events e, events f ORDER BY a.ts, b.ts, c.ts",
        "SELECT sum(value) FROM generate_series(1, 1000000000000000)",
        "SELECT unnest(range(1, 1000000)) FROM generate_series(1, 1000000000)",
        "WITH RECURSIVE t AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM t) SELECT count(*) FROM t",
        "WITH RECURSIVE t AS (SELECT 'x' AS n UNION ALL SELECT n || n FROM t) SELECT max(length(n)) FROM t",
    ] {
        let error = refused(text).await;
        assert!(
            matches!(
                error,
                SqlError::Time { .. } | SqlError::Memory(_) | SqlError::Query { .. } | SqlError::Run(_)
            ),
            "{text}: {error:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn odd_characters_and_numbers_do_no_harm() {
    for text in [
        "SELECT '\u{0}\u{1F600}\u{FFFF}'",
        "SELECT 99999999999999999999999999999999999999999999999999",
        "SELECT 9223372036854775807 + 1",
        "SELECT CAST('nonsense' AS TIMESTAMP)",
        "SELECT TIMESTAMP '9999-12-31T23:59:59Z' + INTERVAL '1000000 years'",
        "SELECT 1e400, -1e400, 'NaN'::double precision",
        "SELECT property('[1,2', 'a'), property('{}', '')",
        "SELECT sum(\"total:number\" * 99999999999999999999) FROM events",
        "SELECT substr('abc', -9223372036854775808, 9223372036854775807)",
        "SELECT date_trunc('nonsense', now())",
        "\u{feff}SELECT 1",
        "SELECT $999999999",
        "SELECT 1 LIMIT 9223372036854775807 OFFSET 9223372036854775807",
    ] {
        if let Err(error @ SqlError::Internal(_)) = outcome(text).await {
            panic!("{text}: {error}");
        }
    }
}
