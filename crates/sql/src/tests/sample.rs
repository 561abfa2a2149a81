//! A small shop: some of its events in a part, some in memory, some merged and deleted since.

use std::sync::Arc;

use datafusion::arrow::array::RecordBatch;
use jiff::tz::TimeZone;
use segops_model::{
    DerivedEventId, Event, EventKind, Identifier, Instant, Limits, Object, Position, ProfileId, SourceId,
    Value,
};
use segops_parts::{Change, ChangeKind, Objects, PartRow, Parts, PartsOptions, Snapshot, Tail};
use segops_segment::Derivation;
use segops_testkit::SimulatedClock;

use crate::{
    DerivedEventKnown, Flow, MembershipRow, Only, OrderRow, ProductRow, ProfileRow, PropertySeen, Query,
    ScoreRow, SegmentRow, Sql, SqlError, TraitRow, TransitionRow, Workspace,
};

#[derive(Debug)]
pub(super) struct Shop {
    snapshot: Snapshot,
    /// Profiles, each with its number of events.
    profiles: Vec<(ProfileId, u64)>,
    derived_events: Vec<DerivedEventKnown>,
}

/// The derived events of the shop, whose customers do something every three minutes.
const DERIVED: [(&str, &str); 5] = [
    ("Session", "sessions of any event with gap of 4 minutes"),
    ("Bought Visit", r#"sessions of "Order Completed" with gap of 6 minutes"#),
    ("Still Here", "sessions of any event with gap of 1 day, counted at end"),
    ("Last View", r#"last touch of "Product Viewed" before "Order Completed" within 5 minutes"#),
    (
        "Dear Order",
        r#"each "Order Completed" where total > 30 with total as worth, context.campaign.source as mailing"#,
    ),
];

fn known(at: usize, name: &str, definition: &str) -> DerivedEventKnown {
    let named = segops_rules::parse_derived(definition, &Limits::default()).expect("well written");
    // Without sources, what is written is what is resolved.
    let resolved = serde_json::from_value(serde_json::to_value(named).unwrap()).unwrap();
    DerivedEventKnown {
        id: DerivedEventId(at as u64),
        name: name.to_owned(),
        version: 2,
        derivation: Derivation::compile(&resolved, &TimeZone::UTC),
    }
}

pub(super) fn now() -> Instant {
    "2026-03-01T12:00:00Z".parse().unwrap()
}

fn row(position: u64, profile: u64, name: &str, properties: Object) -> PartRow {
    let anchor = Identifier::new("user_id", format!("u{profile}"));
    let ts: Instant = "2026-01-01T00:00:00Z".parse().unwrap();
    let ts = ts.plus_ms(i64::try_from(position).unwrap() * 60_000);
    let event = Event {
        message_id: format!("m{position}").into(),
        source: SourceId(1),
        kind: EventKind::Track,
        name: name.into(),
        ts,
        received_at: ts,
        clamped: false,
        identifiers: vec![anchor.clone()],
        properties,
        traits: Object::new(),
        group_traits: Object::new(),
        context: [("campaign", Value::Object([("source", Value::text("mail"))].into_iter().collect()))]
            .into_iter()
            .collect(),
    };
    PartRow { position: Position(position), profile: ProfileId(profile), anchor, event }
}

impl Shop {
    /// Profiles 1, 2 and 3 view and buy by turns. 3 becomes 1, and 2 is deleted, after their events were written, where
    /// that is wanted.
    pub(super) fn new(has_changes: bool) -> Self {
        let rows: Vec<PartRow> = (0..60)
            .map(|position| {
                let profile = position % 3 + 1;
                let (name, properties): (_, Object) = if position % 2 == 0 {
                    (
                        "Product Viewed",
                        [("sku", Value::text(format!("s{}", position % 5)))].into_iter().collect(),
                    )
                } else {
                    let lines = [("sku", Value::text("s1")), ("price", Value::from(3))].into_iter().collect();
                    let properties = [
                        ("total", Value::from(i64::try_from(position).unwrap())),
                        ("rare", if position == 59 { Value::from(7) } else { Value::Null }),
                        ("products", Value::List(vec![Value::Object(lines)])),
                    ];
                    ("Order Completed", properties.into_iter().collect())
                };
                row(position, profile, name, properties)
            })
            .collect();
        let clock = Arc::new(SimulatedClock::at(now()));
        let parts = Parts::open(Objects::in_memory(), clock, PartsOptions::default()).unwrap();
        let (flushed, rest) = rows.split_at(40);
        parts.flush(&Tail::of(flushed.to_vec(), Vec::new(), Position(40))).unwrap();
        let changes = [
            ChangeKind::Merged { absorbed: ProfileId(3), survivor: ProfileId(1) },
            ChangeKind::Deleted { profile: ProfileId(2) },
        ];
        let changes = (60..).zip(changes).filter(|_| has_changes);
        let changes: Vec<Change> =
            changes.map(|(position, kind)| Change { position: Position(position), kind }).collect();
        let snapshot = parts.snapshot().with_tail(&Tail::of(rest.to_vec(), changes, Position(62)));
        let profiles = if has_changes { vec![(1, 40)] } else { vec![(1, 20), (2, 20), (3, 20)] };
        let profiles = profiles.into_iter().map(|(id, events)| (ProfileId(id), events)).collect();
        let derived_events =
            DERIVED.iter().enumerate().map(|(at, (name, text))| known(at, name, text)).collect();
        Self { snapshot, profiles, derived_events }
    }
}

impl Workspace for Shop {
    fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }

    fn position(&self) -> Position {
        self.snapshot.until()
    }

    fn now(&self) -> Instant {
        now()
    }

    fn zone(&self) -> TimeZone {
        TimeZone::get("Europe/Berlin").unwrap()
    }

    fn sources(&self) -> Vec<(SourceId, String)> {
        vec![(SourceId(1), "Web".to_owned())]
    }

    fn properties(&self) -> Vec<PropertySeen> {
        let seen =
            |path: &str, numbers, texts| PropertySeen { path: path.to_owned(), numbers, texts, flags: 0 };
        vec![seen("total", 30, 0), seen("sku", 0, 30), seen("rare", 1, 0), seen("products[].sku", 0, 30)]
    }

    fn derived_events(&self) -> Vec<DerivedEventKnown> {
        self.derived_events.clone()
    }

    fn profiles(&self, only: Only<'_>, each: &mut dyn FnMut(&ProfileRow<'_>) -> Flow) {
        for (profile, events) in &self.profiles {
            if only.is_some_and(|only| !only.contains(profile)) {
                continue;
            }
            let identifiers = [Identifier::new("email", format!("u{}@shop.example", profile.0))];
            let plan = Value::text("gold");
            let row = ProfileRow {
                profile: *profile,
                identifiers: &identifiers,
                is_identified: true,
                reachable_email: false,
                reachable_sms: false,
                merged: &[],
                traits: &[("plan", &plan)],
                events: *events,
                first_seen: Instant::from_ms(0),
                last_seen: Instant::from_ms(1_500),
            };
            if each(&row).is_break() {
                return;
            }
        }
    }

    fn traits(&self, _: Only<'_>, _: &mut dyn FnMut(&TraitRow<'_>) -> Flow) {}
    fn orders(&self, _: Only<'_>, _: &mut dyn FnMut(&OrderRow<'_>) -> Flow) {}
    fn memberships(&self, _: Only<'_>, _: &mut dyn FnMut(&MembershipRow<'_>) -> Flow) {}
    fn transitions(&self, _: Only<'_>, _: &mut dyn FnMut(&TransitionRow<'_>) -> Flow) {}
    fn scores(&self, _: Only<'_>, _: &mut dyn FnMut(&ScoreRow<'_>) -> Flow) {}
    fn segments(&self, _: &mut dyn FnMut(&SegmentRow<'_>) -> Flow) {}
    fn products(&self, _: &mut dyn FnMut(&ProductRow<'_>) -> Flow) {}
}

pub(super) fn service(limits: Limits) -> Sql {
    Sql::new(limits, Arc::new(SimulatedClock::at(now())), || ()).unwrap()
}

pub(super) fn query(text: &str) -> Query {
    Query { text: text.to_owned(), parameters: Vec::new(), seconds: None, asker: "ann".to_owned() }
}

pub(super) async fn start(sql: &Sql, query: Query, shop: Shop) -> Result<crate::Answering, SqlError> {
    sql.start(query, Box::new(move |_| Ok(Arc::new(shop) as Arc<dyn Workspace>))).await
}

/// All batches of an answer.
pub(super) async fn batches(sql: &Sql, query: Query, shop: Shop) -> Result<Vec<RecordBatch>, SqlError> {
    let mut answering = start(sql, query, shop).await?;
    let mut batches = Vec::new();
    while let Some(batch) = answering.next().await? {
        batches.push(batch);
    }
    Ok(batches)
}

pub(super) async fn bytes(
    sql: &Sql,
    query: Query,
    format: crate::Format,
    rows: Option<usize>,
) -> Result<Vec<u8>, SqlError> {
    let answering = start(sql, query, Shop::new(false)).await?;
    let mut pieces = crate::write(sql, answering, format, rows).await?;
    let mut bytes = Vec::new();
    while let Some(piece) = pieces.next().await {
        bytes.extend(piece?);
    }
    Ok(bytes)
}

/// The rows of an answer as JSON.
pub(super) async fn rows_of(text: &str, shop: Shop) -> Result<serde_json::Value, SqlError> {
    let sql = service(Limits::default());
    let answering = start(&sql, query(text), shop).await?;
    let mut pieces = crate::write(&sql, answering, crate::Format::Json, None).await?;
    let piece = pieces.next().await.unwrap()?;
    let answer: serde_json::Value = serde_json::from_slice(&piece).unwrap();
    Ok(answer["rows"].clone())
}

/// Waits until no query runs.
pub(super) async fn all_over(sql: &Sql) {
    while !sql.running().is_empty() {
        tokio::task::yield_now().await;
    }
}
