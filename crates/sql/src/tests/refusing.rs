use super::sample::{Shop, rows_of};
use crate::SqlError;

async fn refusal(text: &str) -> SqlError {
    match rows_of(text, Shop::new(false)).await {
        Ok(rows) => panic!("{text} is answered with {rows}"),
        Err(error) => error,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_anything_but_read_is_refused() {
    for (text, what) in [
        ("INSERT INTO events VALUES (1)", "INSERT"),
        ("UPDATE events SET event = 'x'", "UPDATE"),
        ("DELETE FROM events", "DELETE"),
        ("CREATE TABLE t AS SELECT 1", "CREATE TABLE"),
        ("CREATE VIEW v AS SELECT 1", "CREATE VIEW"),
        ("CREATE EXTERNAL TABLE t STORED AS CSV LOCATION '/etc/passwd'", "CREATE EXTERNAL TABLE"),
        ("CREATE FUNCTION f() RETURNS INT RETURN 1", "CREATE FUNCTION"),
        ("DROP TABLE events", "DROP"),
        ("ALTER TABLE events ADD COLUMN x INT", "ALTER TABLE"),
        ("TRUNCATE events", "TRUNCATE"),
        ("COPY events TO '/tmp/x.csv'", "COPY"),
        ("COPY (SELECT 1) TO '/tmp/x.csv' STORED AS CSV", "COPY"),
        ("SET datafusion.execution.batch_size = 1", "SET"),
        ("RESET datafusion.execution.batch_size", "RESET"),
        ("BEGIN", "BEGIN"),
        ("SELECT 1 INTO t", "SELECT INTO"),
        ("EXPLAIN ANALYZE INSERT INTO events VALUES (1)", "INSERT"),
        ("EXPLAIN COPY events TO '/tmp/x.csv'", "COPY"),
        ("PREPARE p AS SELECT 1", "PREPARE"),
        ("MERGE INTO events USING profiles ON true WHEN MATCHED THEN DELETE", "MERGE"),
        ("SELECT * FROM events FOR UPDATE", "SELECT FOR UPDATE"),
    ] {
        let error = refusal(text).await;
        match &error {
            SqlError::Refused { what: refused } => {
                assert!(refused.starts_with(what), "{text}: {refused}");
            }
            other => panic!("{text}: {other:?}"),
        }
        assert!(error.to_string().contains("SQL reads here"), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_beyond_the_tables_is_reached() {
    for text in [
        "SELECT * FROM '/etc/passwd'",
        "SELECT * FROM \"/etc/passwd\"",
        "SELECT * FROM 'http://127.0.0.1/x.parquet'",
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM read_parquet('x.parquet')",
        "SELECT * FROM other.public.events",
        "SELECT pg_read_file('/etc/passwd')",
        "WITH gone AS (DELETE FROM events RETURNING *) SELECT * FROM gone",
        "WITH new AS (INSERT INTO events VALUES (1) RETURNING *) SELECT * FROM new",
    ] {
        let error = refusal(text).await;
        assert!(matches!(error, SqlError::Query { .. } | SqlError::Refused { .. }), "{text}: {error:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_says_where_and_what_was_meant() {
    let error = refusal("SELECT count(*)\nFROM evnets").await;
    assert_eq!(
        error.to_string(),
        "there is no table `evnets`; did you mean `events`? `SHOW TABLES` lists all"
    );
    let error = refusal("SELECT event,\n  profil FROM events").await;
    assert_eq!(
        error.to_string(),
        "there is no column `profil`; did you mean `profile`? `DESCRIBE events` lists all"
    );
    assert_eq!(error.place().map(|place| (place.line, place.column)), Some((2, 3)));
    let error = refusal("SELECT FROM WHERE").await;
    assert!(error.place().is_some(), "{error:?}");
    let error = refusal("SELECT 'open").await;
    assert!(error.to_string().contains("cannot be read"), "{error}");
    let error = refusal("SELECT 1; SELECT 2").await;
    assert!(error.to_string().contains("several statements"), "{error}");
    let error = refusal("  ").await;
    assert!(error.to_string().contains("there is no query"), "{error}");
    let error = refusal("SELECT no_such_function(1)").await;
    assert!(error.to_string().contains("no_such_function"), "{error}");
    let error = refusal("SELECT 1 / 0").await;
    assert!(matches!(error, SqlError::Run(_) | SqlError::Query { .. }), "{error:?}");
    assert!(error.to_string().to_lowercase().contains("zero"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_people_call_otherwise_is_named_and_lists_are_pointed_at() {
    for (text, told) in [
        (
            "SELECT name FROM events",
            "there is no column `name`; did you mean `event`? `DESCRIBE events` lists all",
        ),
        ("SELECT user_id FROM orders", "did you mean `profile`? `DESCRIBE orders` lists all"),
        ("SELECT timestamp FROM events e", "did you mean `ts`? `DESCRIBE events` lists all"),
        (
            "SELECT total FROM events",
            "did you mean `\"total:number\"`? Such a name needs its double quotes; `DESCRIBE events` lists all",
        ),
        ("SELECT zzzzzz FROM profiles", "there is no column `zzzzzz`; `DESCRIBE profiles` lists all"),
        (
            "SELECT 1 FROM customers",
            "there is no table `customers`; did you mean `profiles`? `SHOW TABLES` lists all",
        ),
        ("SELECT 1 FROM sessions", "did you mean `derived_events`? `SHOW TABLES` lists all"),
        ("SELECT 1 FROM zzzzzz", "there is no table `zzzzzz`; there are events, derived_events, profiles"),
    ] {
        let error = refusal(text).await.to_string();
        assert!(error.contains(told), "{text}: {error}");
    }
}
