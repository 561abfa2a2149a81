//! Derived events against what window functions make of the received ones.

use serde_json::json;

use super::sample::{Shop, batches, query, rows_of, service};
use segops_model::Limits;

async fn same(made: &str, counted: &str) {
    for has_changes in [false, true] {
        let made =
            rows_of(made, Shop::new(has_changes)).await.unwrap_or_else(|error| panic!("{made}: {error}"));
        let counted = rows_of(counted, Shop::new(has_changes))
            .await
            .unwrap_or_else(|error| panic!("{counted}: {error}"));
        assert!(!made.as_array().unwrap().is_empty(), "{made}");
        assert_eq!(made, counted);
    }
}

/// Sessions of the events that pass, put together by hand.
fn by_hand(passes: &str, gap_minutes: u32) -> String {
    format!(
        "WITH gaps AS (SELECT profile, ts, position, event, \"total:number\" AS total,
             CASE WHEN ts - lag(ts) OVER w < INTERVAL '{gap_minutes} minutes' THEN 0 ELSE 1 END AS begins
           FROM events WHERE {passes} WINDOW w AS (PARTITION BY profile ORDER BY ts, position)),
         numbered AS (SELECT *, sum(begins) OVER (PARTITION BY profile ORDER BY ts, position) AS number FROM gaps)
         SELECT profile, min(ts) AS at, max(ts), count(*), count(*) FILTER (WHERE event = 'Order Completed'),
           coalesce(sum(total), 0)
         FROM numbered GROUP BY profile, number ORDER BY profile, at"
    )
}

fn sessions(name: &str) -> String {
    format!(
        "SELECT profile, \"started_at:date\" AS at, \"ended_at:date\", CAST(\"event_count:number\" AS bigint),
           CAST(\"order_count:number\" AS bigint), \"order_value:number\"
         FROM derived_events WHERE event = '{name}' ORDER BY profile, at"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_are_what_window_functions_make_of_events() {
    same(&sessions("Session"), &by_hand("true", 4)).await;
    same(&sessions("Bought Visit"), &by_hand("event = 'Order Completed'", 6)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn touches_and_other_names_are_joins_and_filters_of_events() {
    same(
        "SELECT profile, ts, position, \"touch.at:date\", \"touch.event:text\" FROM derived_events
         WHERE event = 'Last View' ORDER BY position",
        "SELECT o.profile, o.ts, o.position, max(v.ts), max(v.event) FROM events o
         LEFT JOIN events v ON v.profile = o.profile AND v.event = 'Product Viewed'
           AND v.ts <= o.ts AND v.ts > o.ts - INTERVAL '5 minutes'
         WHERE o.event = 'Order Completed' GROUP BY 1, 2, 3 ORDER BY o.position",
    )
    .await;
    same(
        "SELECT profile, ts, position, \"worth:number\", \"total:number\", \"mailing:text\", properties <> ''
         FROM derived_events WHERE event = 'Dear Order' ORDER BY position",
        "SELECT profile, ts, position, \"total:number\", \"total:number\" AS total, \"context.campaign.source:text\", true
         FROM events WHERE event = 'Order Completed' AND \"total:number\" > 30 ORDER BY position",
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_asked_for_is_all_that_is_made() {
    for (text, expected) in [
        // Counted at the end of a day that is over, two months ago.
        (
            "SELECT count(*), min(version), min(derived_event) FROM derived_events WHERE event = 'Still Here'",
            json!([[3, 2, "de_2"]]),
        ),
        (
            "SELECT DISTINCT event FROM derived_events WHERE profile = 2 AND event IN ('Session', 'Dear Order') ORDER BY 1",
            json!([["Dear Order"], ["Session"]]),
        ),
        (
            "SELECT count(*) FROM derived_events WHERE event = 'Session' AND profile IN (1, 2, 2, 77)",
            json!([[2]]),
        ),
        ("SELECT count(*) FROM derived_events WHERE event = 'Nothing'", json!([[0]])),
        (
            "SELECT count(*) FROM derived_events d JOIN events e USING (position) WHERE d.event = 'Dear Order' AND e.event = 'Order Completed'",
            json!([[15]]),
        ),
        ("SELECT count(*) FROM events WHERE event = 'Session'", json!([[0]])),
        ("SELECT \"nothing:text\" FROM (SELECT 'x' AS \"nothing:text\") LIMIT 1", json!([["x"]])),
    ] {
        let rows = rows_of(text, Shop::new(false)).await.unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(rows, expected, "{text}");
    }
    let sql = service(Limits::default());
    let few = batches(&sql, query("SELECT * FROM derived_events LIMIT 3"), Shop::new(true)).await.unwrap();
    assert_eq!(few.iter().map(datafusion::arrow::array::RecordBatch::num_rows).sum::<usize>(), 3);
}
