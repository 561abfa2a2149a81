//! The streams that a walk merges: one for each event name, and one each for orders and for traits.

use compact_str::CompactString;
use segops_model::{Event, EventKind, Instant, Object, Path, Position, ProfileId, SourceId, Value};
use segops_parts::{
    Bucket, PartRow, PathColumn, RowFilter, RowScan, SignalBatch, SignalRequest, SignalScan, Snapshot,
};
use segops_rules::Predicate;
use segops_segment::Matcher;

use super::derived::Derivations;
use super::profile::{Profile, Traits, orders_of};
use super::{Reading, Row, Way, profile_id};
use crate::error::AnalysisError;

/// The events that make orders what they are.
const ORDER_EVENTS: [&str; 4] = ["Order Completed", "Order Updated", "Order Refunded", "Order Cancelled"];
/// What identify, group and alias calls are called.
const NO_EVENT: &str = "";

/// Everything that a walk reads.
pub(super) struct Streams {
    events: Vec<EventStream>,
    orders: Option<RowStream>,
    traits: Option<RowStream>,
    derivations: Derivations,
    /// What derived events are made of.
    inputs: Option<RowStream>,
    rows_read: u64,
    rows_total: u64,
}

impl Streams {
    pub(super) fn open(
        way: &Way<'_>,
        reading: &Reading,
        matchers: &[Matcher],
        bucket: Option<Bucket>,
    ) -> Result<Self, AnalysisError> {
        let snapshot = way.snapshot;
        let filter = RowFilter { from: Some(reading.range.from), before: Some(reading.range.until), bucket };
        let up_to_now = RowFilter { before: Some(way.now.plus_ms(1)), from: None, bucket };
        let (mut events, mut rows_total) = (Vec::new(), 0);
        for name in snapshot.names().into_iter().filter(|name| name != NO_EVENT) {
            let wanted = |at: &usize| {
                let filter = reading.signals.get(*at).map(|signal| &signal.filter);
                filter.is_some_and(|filter| {
                    let is_received = filter.subject.is_events() && filter.derived.is_none();
                    is_received && filter.name.as_ref().is_none_or(|wanted| *wanted == name)
                })
            };
            let signals: Vec<usize> = (0..matchers.len()).filter(wanted).collect();
            if !signals.is_empty() {
                rows_total += snapshot.row_count(Some(std::slice::from_ref(&name)));
                events.push(EventStream::open(snapshot, reading, name, signals, filter)?);
            }
        }
        let wants_orders = reading.orders || reading.signals.iter().any(|one| one.filter.subject.is_orders());
        let mut rows_of = |names: &[String]| -> Result<RowStream, AnalysisError> {
            rows_total += snapshot.row_count(Some(names));
            RowStream::open(snapshot.rows(Some(names), up_to_now)?)
        };
        let orders = if wants_orders { Some(rows_of(&ORDER_EVENTS.map(str::to_owned))?) } else { None };
        let traits = if reading.traits { Some(rows_of(&[NO_EVENT.to_owned()])?) } else { None };
        let derivations = Derivations::of(way.zone, reading);
        let names = snapshot.names().into_iter().filter(|name| name != NO_EVENT).collect();
        let inputs = match derivations.is_empty() {
            true => None,
            false => Some(rows_of(&derivations.names(names))?),
        };
        Ok(Self { events, orders, traits, derivations, inputs, rows_read: 0, rows_total })
    }

    pub(super) const fn rows_read(&self) -> u64 {
        self.rows_read
    }

    pub(super) fn rows_total(&self) -> u64 {
        self.rows_total.max(self.rows_read)
    }

    /// The next profile of which there is anything but traits, or traits.
    pub(super) fn next_profile(&self) -> Option<ProfileId> {
        let events = self.events.iter().filter_map(EventStream::head).map(|(profile, _, _)| profile);
        let rows =
            [&self.orders, &self.traits, &self.inputs].into_iter().flatten().filter_map(RowStream::profile);
        events.chain(rows).min().map(profile_id)
    }

    /// Passes over a profile's rows.
    pub(super) fn skip(&mut self, profile: ProfileId, matchers: &[Matcher]) -> Result<(), AnalysisError> {
        for stream in &mut self.events {
            while stream.head().is_some_and(|(of, _, _)| of == profile.0) {
                stream.advance()?;
                self.rows_read += 1;
            }
        }
        self.gather(profile, matchers).map(drop)
    }

    /// The profile's orders and traits, and its derived events.
    pub(super) fn gather(
        &mut self,
        profile: ProfileId,
        matchers: &[Matcher],
    ) -> Result<Profile, AnalysisError> {
        let mut rows = Vec::new();
        if let Some(stream) = &mut self.orders {
            stream.take(profile, &mut rows)?;
            self.rows_read += rows.len() as u64;
        }
        let orders = orders_of(&rows);
        rows.clear();
        if let Some(stream) = &mut self.traits {
            stream.take(profile, &mut rows)?;
            self.rows_read += rows.len() as u64;
        }
        let traits = Traits::of(std::mem::take(&mut rows));
        if let Some(stream) = &mut self.inputs {
            stream.take(profile, &mut rows)?;
            self.rows_read += rows.len() as u64;
        }
        let derived = self.derivations.rows(&rows, matchers);
        Ok(Profile { id: profile, orders, traits, derived })
    }

    /// Where the profile's next event stands in time.
    pub(super) fn next_of(&self, profile: ProfileId) -> Option<(Instant, Position)> {
        let of_profile = self.events.iter().filter_map(EventStream::head);
        let of_profile = of_profile.filter(|(of, _, _)| *of == profile.0);
        of_profile.map(|(_, ts, position)| (Instant::from_ms(ts), Position(position))).min()
    }

    /// Shows the first of the next events, if it passes any filter, and goes on.
    pub(super) fn take(
        &mut self,
        matchers: &[Matcher],
        show: impl FnOnce(&Row<'_>) -> Result<(), AnalysisError>,
    ) -> Result<(), AnalysisError> {
        let first =
            self.events.iter_mut().filter(|stream| stream.head().is_some()).min_by_key(|one| one.head());
        let Some(stream) = first else { return Ok(()) };
        self.rows_read += 1;
        let Some((_, ts, position)) = stream.head() else { return Ok(()) };
        stream.read();
        let mut signals = 0;
        for at in &stream.signals {
            if matchers.get(*at).is_some_and(|matcher| matcher.matches(&stream.event)) {
                signals |= 1 << at;
            }
        }
        let (ts, position) = (Instant::from_ms(ts), Position(position));
        if signals != 0 {
            show(&Row { ts, position, signals, event: &stream.event, is_placed: true })?;
        }
        stream.advance()
    }
}

/// The events of one name.
struct EventStream {
    signals: Vec<usize>,
    paths: Vec<Path>,
    /// The names of the columns' properties, where each column is a property of its own and none is within another.
    names: Option<Vec<CompactString>>,
    source: Source,
    at: usize,
    /// The event that was read last: the next one takes its place.
    event: Event,
}

enum Source {
    /// Some columns, where they are all that is looked at.
    Columns { scan: SignalScan, batch: Option<SignalBatch> },
    /// Whole rows, where it matters which source an event came from.
    Rows { scan: RowScan, rows: Vec<PartRow> },
}

impl EventStream {
    fn open(
        snapshot: &Snapshot,
        reading: &Reading,
        name: String,
        signals: Vec<usize>,
        filter: RowFilter,
    ) -> Result<Self, AnalysisError> {
        let of_name = || signals.iter().filter_map(|at| reading.signals.get(*at));
        let mut paths: Vec<Path> = Vec::new();
        for signal in of_name() {
            paths.extend(signal.paths.iter().cloned());
            if let Some(predicate) = &signal.filter.predicate {
                paths_of(predicate, &mut paths);
            }
        }
        paths.sort();
        paths.dedup();
        let source = if of_name().any(|signal| !signal.filter.sources.is_empty()) {
            let scan = snapshot.rows(Some(std::slice::from_ref(&name)), filter)?;
            Source::Rows { scan, rows: Vec::new() }
        } else {
            let request = SignalRequest { event: name.clone(), paths: paths.clone(), filter };
            Source::Columns { scan: snapshot.scan(&request)?, batch: None }
        };
        let (names, event) = (own_properties(&paths), bare(&name));
        let mut stream = Self { signals, paths, names, source, at: 0, event };
        stream.fill()?;
        Ok(stream)
    }

    fn head(&self) -> Option<(u64, i64, u64)> {
        match &self.source {
            Source::Columns { batch, .. } => {
                let batch = batch.as_ref()?;
                Some((
                    *batch.profiles().get(self.at)?,
                    *batch.ts_ms().get(self.at)?,
                    *batch.positions().get(self.at)?,
                ))
            }
            Source::Rows { rows, .. } => {
                let row = rows.get(self.at)?;
                Some((row.profile.0, row.event.ts.as_ms(), row.position.0))
            }
        }
    }

    fn advance(&mut self) -> Result<(), AnalysisError> {
        self.at += 1;
        if self.head().is_none() { self.fill() } else { Ok(()) }
    }

    /// The next batch that has rows.
    fn fill(&mut self) -> Result<(), AnalysisError> {
        self.at = 0;
        match &mut self.source {
            Source::Columns { scan, batch } => loop {
                *batch = scan.next_batch()?;
                if batch.as_ref().is_none_or(|batch| !batch.is_empty()) {
                    return Ok(());
                }
            },
            Source::Rows { scan, rows } => loop {
                match scan.next_rows()? {
                    None => {
                        rows.clear();
                        return Ok(());
                    }
                    Some(next) if next.is_empty() => {}
                    Some(next) => {
                        *rows = next;
                        return Ok(());
                    }
                }
            },
        }
    }

    /// Reads the event that is next, with the properties that were asked for.
    fn read(&mut self) {
        let Self { paths, names, source, at, event, .. } = self;
        match source {
            Source::Rows { rows, .. } => {
                if let Some(row) = rows.get(*at) {
                    event.clone_from(&row.event);
                }
            }
            Source::Columns { batch, .. } => {
                let Some(batch) = batch else { return };
                event.ts = Instant::from_ms(batch.ts_ms().get(*at).copied().unwrap_or_default());
                if let Some(names) = names {
                    for (name, column) in names.iter().zip(batch.columns()) {
                        match column.value(*at) {
                            Some(value) => event.properties.set(name.clone(), value),
                            None => drop(event.properties.remove(name)),
                        }
                    }
                    return;
                }
                (event.properties, event.context) = (Object::new(), Object::new());
                // A list read from JSON has every member, and so comes after one read from typed columns.
                for is_typed in [true, false] {
                    for (path, column) in paths.iter().zip(batch.columns()) {
                        if matches!(column, PathColumn::Typed { .. }) == is_typed
                            && let Some(value) = column.value(*at)
                        {
                            put_in_event(event, path, value);
                        }
                    }
                }
            }
        }
    }
}

fn bare(name: &str) -> Event {
    Event {
        message_id: CompactString::default(),
        source: SourceId(0),
        kind: EventKind::Track,
        name: name.into(),
        ts: Instant::default(),
        received_at: Instant::default(),
        clamped: false,
        identifiers: Vec::new(),
        properties: Object::new(),
        traits: Object::new(),
        group_traits: Object::new(),
        context: Object::new(),
    }
}

/// The names of the properties that paths lead to, if each is of one name and no two are the same.
fn own_properties(paths: &[Path]) -> Option<Vec<CompactString>> {
    let mut names: Vec<CompactString> = Vec::with_capacity(paths.len());
    for path in paths {
        let name: CompactString = path.root().into();
        if *path != Path::of_name(&name) || names.contains(&name) {
            return None;
        }
        names.push(name);
    }
    Some(names)
}

/// Every path that a predicate looks at, from the event on.
fn paths_of(predicate: &Predicate, out: &mut Vec<Path>) {
    match predicate {
        Predicate::All(parts) | Predicate::Any(parts) | Predicate::None(parts) => {
            parts.iter().for_each(|part| paths_of(part, out));
        }
        Predicate::Not(part) => paths_of(part, out),
        Predicate::Property(test) => out.push(test.property.clone()),
        Predicate::Item(item) => {
            let list = item.list.split_list().map_or_else(|| item.list.clone(), |(list, _)| list);
            let mut within = Vec::new();
            paths_of(&item.predicate, &mut within);
            if within.is_empty() {
                out.push(Path::joined(&list, None));
            }
            out.extend(within.iter().map(|path| Path::joined(&list, Some(path))));
        }
    }
}

/// Puts a value where its path leads; of a path through a list the value is the list.
fn put_in_event(event: &mut Event, path: &Path, value: Value) {
    let root = path.split_list().map_or_else(|| path.clone(), |(list, _)| list);
    let text = root.to_string();
    match text.strip_prefix("context.") {
        Some(rest) => put(&mut event.context, rest, value),
        None => put(&mut event.properties, &text, value),
    }
}

fn put(object: &mut Object, path: &str, value: Value) {
    let Some((first, rest)) = path.split_once('.') else {
        object.set(path, value);
        return;
    };
    let mut inner = match object.remove(first) {
        Some(Value::Object(inner)) => inner,
        _ => Object::new(),
    };
    put(&mut inner, rest, value);
    object.set(first, Value::Object(inner));
}

/// Whole rows, those of one profile at a time.
struct RowStream {
    scan: RowScan,
    rows: std::vec::IntoIter<PartRow>,
    next: Option<PartRow>,
}

impl RowStream {
    fn open(scan: RowScan) -> Result<Self, AnalysisError> {
        let mut stream = Self { scan, rows: Vec::new().into_iter(), next: None };
        stream.advance()?;
        Ok(stream)
    }

    fn profile(&self) -> Option<u64> {
        self.next.as_ref().map(|row| row.profile.0)
    }

    fn advance(&mut self) -> Result<(), AnalysisError> {
        loop {
            self.next = self.rows.next();
            if self.next.is_some() {
                return Ok(());
            }
            match self.scan.next_rows()? {
                Some(rows) => self.rows = rows.into_iter(),
                None => return Ok(()),
            }
        }
    }

    /// Takes the rows of a profile, if its are next.
    fn take(&mut self, profile: ProfileId, out: &mut Vec<PartRow>) -> Result<(), AnalysisError> {
        while let Some(row) = self.next.take_if(|row| row.profile == profile) {
            out.push(row);
            self.advance()?;
        }
        Ok(())
    }
}
