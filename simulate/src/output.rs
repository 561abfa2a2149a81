use std::io::{self, Write};

use segops_model::Instant;

use crate::event::{Delivery, SimulatedEvent};

/// Many events as one body for `POST /v1/batch`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// `{"batch":[…]}`. There is no `sentAt`: the server would take the age of a simulated past for a
    /// wrong clock, and move every event into the present.
    pub json: String,
    pub events: usize,
    /// How many of them must be rejected.
    pub malformed: usize,
    /// When the last of them would arrive.
    pub last_arrival: Instant,
}

/// Groups events, in order, into batches of at most `events_max` (at least one).
pub fn batches<I>(events: I, events_max: usize) -> Batches<I::IntoIter>
where
    I: IntoIterator<Item = SimulatedEvent>,
{
    Batches { events: events.into_iter(), events_max: events_max.max(1) }
}

/// The iterator of [`batches`].
#[derive(Debug)]
pub struct Batches<I> {
    events: I,
    events_max: usize,
}

impl<I: Iterator<Item = SimulatedEvent>> Iterator for Batches<I> {
    type Item = Batch;

    fn next(&mut self) -> Option<Batch> {
        let mut batch =
            Batch { json: String::from("{\"batch\":["), events: 0, malformed: 0, last_arrival: Instant::MIN };
        while batch.events < self.events_max {
            let Some(event) = self.events.next() else { break };
            if batch.events > 0 {
                batch.json.push(',');
            }
            batch.json.push_str(&event.json);
            batch.events += 1;
            batch.malformed += usize::from(event.delivery == Delivery::Malformed);
            batch.last_arrival = event.arrives_at;
        }
        batch.json.push_str("]}");
        (batch.events > 0).then_some(batch)
    }
}

/// Writes events as NDJSON, one a line, and says how many there were. The writer should be buffered.
///
/// # Errors
/// Where the writer fails.
pub fn to_ndjson(
    events: impl IntoIterator<Item = SimulatedEvent>,
    writer: &mut impl Write,
) -> io::Result<u64> {
    let mut lines = 0;
    for event in events {
        writer.write_all(event.json.as_bytes())?;
        writer.write_all(b"\n")?;
        lines += 1;
    }
    writer.flush()?;
    Ok(lines)
}
