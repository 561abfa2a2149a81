use serde::Serialize;
use sha2::{Digest, Sha256};

use segops_store::Keyspace;

use super::State;
use crate::artefact::hex;

impl State {
    /// A digest of everything that is a function of the journal; derived indexes are left out. It reads the
    /// whole state in the order of the keys: for tests and checks, not for the way of an event.
    #[must_use]
    pub fn hash(&self) -> String {
        // Every field by its name, so that none is forgotten.
        let Self {
            position,
            instant,
            settings,
            sources,
            imports,
            segments,
            catalogue,
            products,
            product_events,
            duplicates: _,
            tallies,
            thresholds,
            separations,
            split_rows,
            identifiers,
            aliases,
            profiles,
            merges,
            traits,
            timelines,
            order_keys,
            orders,
            standings,
            records,
            timers: _,
            members: _,
            groups: _,
        } = self;
        let mut digest = Sha256::new();
        feed(&mut digest, &(position, instant, tallies));
        feed(&mut digest, separations);
        for (split, rows) in split_rows {
            let rows: Vec<_> = rows.iter().map(|row| (row.position, &row.anchor)).collect();
            feed(&mut digest, &(split, rows));
        }
        feed_text(&mut digest, &(settings, sources, imports, segments, catalogue));
        feed_text(&mut digest, thresholds);
        feed(&mut digest, products);
        feed_space(&mut digest, product_events.iter());
        feed_space(&mut digest, identifiers.iter_sorted());
        feed_space(&mut digest, aliases.iter_sorted());
        feed_space(&mut digest, profiles.iter_sorted());
        feed_space(&mut digest, merges.iter_sorted());
        feed_space(&mut digest, traits.iter_sorted());
        feed_space(&mut digest, timelines.iter_sorted());
        feed_space(&mut digest, order_keys.iter_sorted());
        feed_space(&mut digest, orders.iter_sorted());
        feed_space(&mut digest, standings.iter_sorted());
        feed_space(&mut digest, records.iter_sorted());
        hex(&digest.finalize())
    }
}

fn feed_space<'a, K: Serialize + 'a, V: Serialize + 'a>(
    digest: &mut Sha256,
    entries: impl Iterator<Item = (&'a K, &'a V)>,
) {
    for (key, value) in entries {
        feed(digest, &(key, value));
    }
}

fn feed(digest: &mut Sha256, value: &impl Serialize) {
    // What cannot be encoded would make two states look alike; it feeds its error instead.
    match postcard::to_allocvec(value) {
        Ok(bytes) => digest.update(&bytes),
        Err(error) => digest.update(error.to_string().as_bytes()),
    }
}

/// Rules and settings refer to things by text, which binary encodings of them do not promise.
fn feed_text(digest: &mut Sha256, value: &impl Serialize) {
    match serde_json::to_vec(value) {
        Ok(bytes) => digest.update(&bytes),
        Err(error) => digest.update(error.to_string().as_bytes()),
    }
}
