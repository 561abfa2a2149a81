//! What was meant by a name that nothing has, and how to see which names there are.

use segops_rules::nearest;

/// Names that are named at most.
const NAMED_MAX: usize = 3;

/// What else people call columns, for names that are spelt nothing alike.
const CALLED: &[(&[&str], &[&str])] = &[
    (&["name", "event_name", "type", "event_type"], &["event", "score", "segment"]),
    (
        &["time", "timestamp", "date", "datetime", "created_at", "occurred_at", "event_time", "at"],
        &["ts", "completed_at", "at", "since", "created_at", "set_at", "first_seen"],
    ),
    (
        &["user", "user_id", "customer", "customer_id", "person", "person_id", "profile_id", "visitor_id"],
        &["profile"],
    ),
    (&["email", "phone", "anonymous_id"], &["value", "identifiers"]),
    (&["id"], &["position", "order_id", "product_id", "segment", "derived_event", "profile"]),
    (&["total", "revenue", "amount", "price", "spend"], &["net", "value", "price"]),
    (&["sku", "product"], &["product_id"]),
    (&["data", "attributes", "payload", "props"], &["properties"]),
];

/// What else people call tables.
const TABLES_CALLED: &[(&[&str], &str)] = &[
    (&["users", "customers", "people", "persons", "contacts", "visitors"], "profiles"),
    (&["sessions", "visits", "touches"], "derived_events"),
    (&["purchases", "sales", "transactions"], "orders"),
    (&["items", "order_items", "order_lines", "lines"], "line_items"),
    (&["catalog", "catalogue", "inventory"], "products"),
    (&["members", "segment_members", "audiences"], "memberships"),
    (&["user_traits", "attributes"], "traits"),
    (&["tracks", "pages", "actions", "logs"], "events"),
];

/// A column of the tables that a query reads, with the table's name if it is one.
pub(crate) struct KnownColumn<'a> {
    pub(crate) table: Option<&'a str>,
    pub(crate) name: &'a str,
}

/// What was meant by a column that there is not.
pub(crate) fn of_column(name: &str, known: &[KnownColumn<'_>], tables: &[&str]) -> String {
    let lower = name.to_lowercase();
    let has = |wanted: &str| known.iter().any(|column| column.name == wanted);
    // A property of events is called by its type as well.
    let typed = known
        .iter()
        .map(|column| column.name)
        .filter(|column| column.rsplit_once(':').is_some_and(|(path, _)| path.eq_ignore_ascii_case(name)));
    let mut meant: Vec<String> = typed.map(str::to_owned).collect();
    meant.extend(nearest_few(name, known.iter().map(|column| column.name)));
    if meant.is_empty() {
        let called = CALLED.iter().filter(|(words, _)| words.contains(&lower.as_str()));
        let called = called.flat_map(|(_, columns)| columns.iter()).filter(|column| has(column));
        meant.extend(called.map(|column| (*column).to_owned()));
    }
    let of_tables: Vec<&str> = known.iter().filter_map(|column| column.table).collect();
    let table = of_tables.into_iter().find(|table| tables.contains(table)).unwrap_or("events");
    let listed = format!("`DESCRIBE {table}` lists all");
    match said(meant) {
        Some(said) if said.contains('"') => format!("{said} Such a name needs its double quotes; {listed}"),
        Some(said) => format!("{said} {listed}"),
        None => listed,
    }
}

/// What was meant by a table that there is not.
pub(crate) fn of_table(name: &str, tables: &[&str]) -> String {
    let mut meant = nearest_few(name, tables.iter().copied());
    if meant.is_empty() {
        let lower = name.to_lowercase();
        let called = TABLES_CALLED.iter().filter(|(words, _)| words.contains(&lower.as_str()));
        meant.extend(called.map(|(_, table)| (*table).to_owned()));
    }
    match said(meant) {
        Some(said) => format!("{said} `SHOW TABLES` lists all"),
        None => format!("there are {}", tables.join(", ")),
    }
}

fn nearest_few<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut left: Vec<&str> = known.collect();
    let mut found = Vec::new();
    while let Some(near) = nearest(name, left.iter().copied()).filter(|_| found.len() < NAMED_MAX) {
        left.retain(|other| *other != near);
        found.push(near);
    }
    found
}

/// A question that names the first few.
fn said(mut meant: Vec<String>) -> Option<String> {
    let mut seen = std::collections::BTreeSet::new();
    meant.retain(|name| seen.insert(name.clone()));
    meant.truncate(NAMED_MAX);
    let is_plain =
        |name: &str| name.chars().all(|one| one.is_ascii_lowercase() || one.is_ascii_digit() || one == '_');
    let written = |name: &String| if is_plain(name) { format!("`{name}`") } else { format!("`\"{name}\"`") };
    let written: Vec<String> = meant.iter().map(written).collect();
    let (last, others) = written.split_last()?;
    Some(match others {
        [] => format!("did you mean {last}?"),
        others => format!("did you mean {} or {last}?", others.join(", ")),
    })
}
