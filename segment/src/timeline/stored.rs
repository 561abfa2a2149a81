//! The stored form of a timeline: its entries, oldest first, each as the difference to the one before it,
//! so that in an encoding with short small numbers most take a few bytes.
//!
//! Values came later to this form. A timeline that has them opens with [`VALUES`], which no other can: two
//! steps of nothing would be one entry twice. Then every value takes three steps: its entry's, (line, upper
//! half of the value), (lower half, 0).

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use segops_model::{Instant, Position};

use super::{Entries, Entry, Timeline, ValueEntry};

/// (milliseconds since the entry before, position minus its position), both wrapping.
type Step = (i64, i64);

const ORIGIN: Entry = Entry { ts: Instant::from_ms(0), position: Position(0) };

const VALUES: [Step; 2] = [(0, 0), (0, 0)];

impl Serialize for Timeline {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut before = ORIGIN;
        let mut steps: Vec<Step> = Vec::new();
        match &self.entries {
            Entries::Plain(run) => steps.extend(run.iter().map(|entry| step(&mut before, entry))),
            Entries::Valued(run) => {
                steps.extend(VALUES);
                for value in run.iter() {
                    steps.push(step(&mut before, value.entry));
                    let (upper, lower) = halves(value.value);
                    steps.extend([(i64::from(value.line), upper), (lower, 0)]);
                }
            }
        }
        steps.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Timeline {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let steps = Vec::<Step>::deserialize(deserializer)?;
        let out_of_order = || D::Error::custom("a stored timeline is out of order; restore the data folder");
        let mut before = ORIGIN;
        let Some(steps) = steps.strip_prefix(&VALUES) else {
            let entries: Vec<Entry> = steps.iter().map(|step| after(&mut before, *step)).collect();
            if !entries.is_sorted_by(|older, newer| older < newer) {
                return Err(out_of_order());
            }
            return Ok(entries.into_iter().collect());
        };
        let values: Option<Vec<ValueEntry>> =
            steps.chunks(3).map(|steps| value_after(&mut before, steps)).collect();
        let values = values.filter(|values| values.is_sorted_by(|older, newer| older < newer));
        Ok(values.ok_or_else(out_of_order)?.into_iter().collect())
    }
}

fn step(before: &mut Entry, entry: Entry) -> Step {
    let step = (
        entry.ts.as_ms().wrapping_sub(before.ts.as_ms()),
        entry.position.0.wrapping_sub(before.position.0).cast_signed(),
    );
    *before = entry;
    step
}

fn after(before: &mut Entry, (ms, positions): Step) -> Entry {
    *before = Entry {
        ts: Instant::from_ms(before.ts.as_ms().wrapping_add(ms)),
        position: Position(before.position.0.wrapping_add(positions.cast_unsigned())),
    };
    *before
}

fn value_after(before: &mut Entry, steps: &[Step]) -> Option<ValueEntry> {
    let [entry, (line, upper), (lower, 0)] = *steps else { return None };
    let value = (i128::from(upper) << 64) | i128::from(lower.cast_unsigned());
    Some(ValueEntry { entry: after(before, entry), line: u32::try_from(line).ok()?, value })
}

/// The upper and the lower 64 bits.
fn halves(value: i128) -> (i64, i64) {
    #[expect(clippy::cast_possible_truncation, reason = "each half is cut off on purpose")]
    let (upper, lower) = ((value >> 64) as i64, value as i64);
    (upper, lower)
}
