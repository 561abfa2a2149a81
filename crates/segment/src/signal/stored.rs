//! The registry as it is stored. Timelines are kept under the numbers of their signals, so that these have to come out
//! the same, whatever was registered and released before.

use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use segops_model::SignalId;
use segops_rules::{DerivedDefinition, EventFilter, Resolved};

use super::{SignalRegistry, TraitWatch};
use crate::{Capture, ScoreFunctions};

/// Every signal in use with its number, and the number that the next one gets.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoredSignals {
    pub next: u32,
    /// In ascending order of ids.
    pub signals: Vec<StoredSignal>,
    /// What derived events are made of that signals ask for, in ascending order of ids.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub derivations: Vec<StoredDerivation>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoredDerivation {
    pub id: SignalId,
    /// The name of the time zone.
    pub zone: String,
    pub definition: DerivedDefinition<Resolved>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoredSignal {
    pub id: SignalId,
    /// The name of the time zone.
    pub zone: String,
    /// How many hold it.
    pub holders: u32,
    pub kind: StoredSignalKind,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(
    clippy::large_enum_variant,
    reason = "nearly all are filters, and they live as long as a record is written"
)]
pub enum StoredSignalKind {
    Filter { filter: EventFilter<Resolved>, capture: Option<Capture> },
    Trait(TraitWatch),
}

impl SignalRegistry {
    /// What [`SignalRegistry::restored`] makes the same registry of.
    ///
    /// # Errors
    /// A time zone that has no name.
    pub fn stored(&self) -> Result<StoredSignals, String> {
        let named = |zone: &TimeZone| {
            zone.iana_name().map(str::to_owned).ok_or_else(|| "a signal's time zone has no name".to_owned())
        };
        let mut signals = Vec::with_capacity(self.len());
        for (id, signal) in &self.signals {
            let (zone, holders) = (named(&signal.zone)?, signal.holders);
            let (filter, capture) = (signal.filter.clone(), signal.capture().cloned());
            let kind = StoredSignalKind::Filter { filter, capture };
            signals.push(StoredSignal { id: *id, zone, holders, kind });
        }
        for (id, watched) in self.trait_sets.iter() {
            let (zone, holders) = (named(&watched.zone)?, watched.holders);
            signals.push(StoredSignal {
                id,
                zone,
                holders,
                kind: StoredSignalKind::Trait(watched.watch.clone()),
            });
        }
        signals.sort_by_key(|signal| signal.id);
        let derivations = self.derivations().map(|(id, derivation)| {
            let zone = named(derivation.zone())?;
            Ok(StoredDerivation { id, zone, definition: derivation.definition().clone() })
        });
        let derivations = derivations.collect::<Result<_, String>>()?;
        Ok(StoredSignals { next: self.next, signals, derivations })
    }

    /// The registry that was stored.
    ///
    /// # Errors
    /// What is stored makes no sense: a time zone that is not known, or numbers out of order.
    pub fn restored(stored: StoredSignals, scores: ScoreFunctions) -> Result<Self, String> {
        let mut registry = Self { next: stored.next, ..Self::with_scores(scores) };
        for StoredDerivation { id, zone, definition } in stored.derivations {
            let zone = TimeZone::get(&zone).map_err(|error| error.to_string())?;
            registry.put_derivation(id, &definition, &zone);
        }
        let mut last: Option<SignalId> = None;
        for StoredSignal { id, zone, holders, kind } in stored.signals {
            if id.0 >= stored.next || last.is_some_and(|last| last >= id) || holders == 0 {
                return Err(format!("the stored signal {} is out of order", id.0));
            }
            last = Some(id);
            let zone = TimeZone::get(&zone).map_err(|error| error.to_string())?;
            match kind {
                StoredSignalKind::Filter { filter, capture } => {
                    registry.put(id, filter, capture, &zone, holders);
                }
                StoredSignalKind::Trait(watch) => registry.trait_sets.restore(id, watch, &zone, holders),
            }
        }
        Ok(registry)
    }
}
