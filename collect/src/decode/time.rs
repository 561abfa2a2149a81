use jiff::tz::TimeZone;
use segops_model::{DAY_MS, Envelope, Instant, Value, date_of};

use super::{Item, is_file};
use crate::rejection::quoted;
use crate::{Reason, RejectionCode as Code};

#[derive(Debug)]
pub(super) struct Times {
    pub(super) ts: Instant,
    pub(super) clamped: bool,
}

/// When the event happened, on our clock, and not after its receipt.
pub(super) fn resolve(item: &Item, envelope: &Envelope) -> Result<Times, Reason> {
    let ts = corrected(item, envelope)?.max(Instant::MIN);
    let ahead_ms = ts.ms_since(envelope.received_at);
    if ahead_ms <= 0 {
        return Ok(Times { ts, clamped: false });
    }
    if is_file(envelope) && ahead_ms > DAY_MS {
        return Err(Reason::new(
            Code::TimestampInFuture,
            format!(
                "the time {ts} is more than 24 hours ahead of the import; correct the row, \
                 or the mapping's time format or zone"
            ),
        ));
    }
    Ok(Times { ts: envelope.received_at, clamped: true })
}

/// Segment's rule, and RudderStack's where the two differ: a client that sends `timestamp` and
/// `originalTimestamp` means the first as it stands.
fn corrected(item: &Item, envelope: &Envelope) -> Result<Instant, Reason> {
    let timestamp = read("timestamp", &item.timestamp)?;
    let original = read("originalTimestamp", &item.original_timestamp)?;
    let received_at = envelope.received_at;
    let by_client = match (timestamp, original) {
        (Some(timestamp), Some(_)) => return Ok(timestamp),
        (Some(instant), None) | (None, Some(instant)) => instant,
        (None, None) if is_file(envelope) => {
            // An archive of another collector's says when it was received there.
            return Ok(instant_of(&item.received_at).unwrap_or(received_at));
        }
        (None, None) => return Ok(received_at),
    };
    if is_file(envelope) {
        return Ok(by_client);
    }
    // A `sentAt` that cannot be read measures nothing: the time stays as the client gave it.
    let Some(sent_at) = instant_of(&item.sent_at).or(envelope.sent_at) else { return Ok(by_client) };
    Ok(received_at.plus_ms(by_client.ms_since(sent_at)))
}

fn read(field: &str, value: &Value) -> Result<Option<Instant>, Reason> {
    if !value.is_present() {
        return Ok(None);
    }
    instant_of(value).map(Some).ok_or_else(|| {
        let shown =
            value.scalar_text().map_or_else(|| "a list or an object".to_owned(), |text| quoted(&text));
        Reason::new(
            Code::InvalidTimestamp,
            format!(
                "`{field}` is {shown}, which is no time; send ISO 8601 with an offset or Z, such as \
                 2026-03-01T12:00:00.000Z, or epoch milliseconds"
            ),
        )
    })
}

/// Reads ISO 8601 with 0 to 9 fractional digits (UTC where there is no offset), or an epoch number.
pub(crate) fn instant_of(value: &Value) -> Option<Instant> {
    date_of(value, &TimeZone::UTC).filter(|instant| (Instant::MIN..=Instant::MAX).contains(instant))
}
