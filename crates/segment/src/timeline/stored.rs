//! The stored form of a timeline: its entries, oldest first, each as the difference to the one before it,
//! so that in an encoding with short small numbers most take a few bytes.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use segops_model::{Instant, Position};

use super::{Entry, Timeline};

/// (milliseconds since the entry before, position minus its position), both wrapping.
type Step = (i64, i64);

const ORIGIN: Entry = Entry { ts: Instant::from_ms(0), position: Position(0) };

impl Serialize for Timeline {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut before = ORIGIN;
        let steps = self.iter().map(|entry| {
            let step: Step = (
                entry.ts.as_ms().wrapping_sub(before.ts.as_ms()),
                entry.position.0.wrapping_sub(before.position.0).cast_signed(),
            );
            before = entry;
            step
        });
        steps.collect::<Vec<Step>>().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Timeline {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let steps = Vec::<Step>::deserialize(deserializer)?;
        let mut before = ORIGIN;
        let entries: Vec<Entry> = steps
            .into_iter()
            .map(|(ms, positions)| {
                before = Entry {
                    ts: Instant::from_ms(before.ts.as_ms().wrapping_add(ms)),
                    position: Position(before.position.0.wrapping_add(positions.cast_unsigned())),
                };
                before
            })
            .collect();
        if !entries.is_sorted_by(|older, newer| older < newer) {
            return Err(D::Error::custom("a stored timeline is out of order; restore the data folder"));
        }
        Ok(Self::from_sorted(entries))
    }
}
