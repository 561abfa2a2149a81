//! Rows that meet no limit give the same profiles in whatever order they come, and rows that meet one still
//! keep every promise.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use segops_model::{EventKind, Identifier, IdentifierKind, Instant, Position, ProfileId};

use crate::{IdentitySettings, IdentityView, MemoryIdentity, resolve};

fn identifier() -> impl Strategy<Value = Identifier> {
    prop_oneof![
        (1..6_u8).prop_map(|n| Identifier::new("user_id", format!("user{n}"))),
        (1..6_u8).prop_map(|n| Identifier::new("email", format!("{n}@example.com"))),
        (1..8_u8).prop_map(|n| Identifier::new("card", format!("card{n}"))),
        (1..8_u8).prop_map(|n| Identifier::new("anonymous_id", format!("anonymous{n}"))),
    ]
}

fn rows() -> impl Strategy<Value = Vec<Vec<Identifier>>> {
    prop::collection::vec(prop::collection::vec(identifier(), 1..4), 1..25)
}

fn run(settings: &IdentitySettings, rows: &[Vec<Identifier>]) -> MemoryIdentity {
    let mut identity = MemoryIdentity::default();
    for (position, row) in (0..).zip(rows) {
        let resolution =
            resolve(settings, &identity, EventKind::Track, row, Instant::default(), Position(position))
                .expect("usable");
        identity.apply(&resolution);
    }
    identity
}

fn partition(identity: &MemoryIdentity) -> BTreeSet<BTreeSet<Identifier>> {
    identity.profiles().map(|profile| identity.identifiers_of(profile).iter().cloned().collect()).collect()
}

/// The connected parts, found in the most plain way.
fn connected(rows: &[Vec<Identifier>]) -> BTreeSet<BTreeSet<Identifier>> {
    let mut parts: Vec<BTreeSet<Identifier>> = Vec::new();
    for row in rows {
        let (touched, apart): (Vec<_>, Vec<_>) =
            parts.into_iter().partition(|part| row.iter().any(|identifier| part.contains(identifier)));
        parts = apart;
        parts.push(touched.into_iter().flatten().chain(row.iter().cloned()).collect());
    }
    parts.into_iter().collect()
}

fn unlimited() -> IdentitySettings {
    let mut settings = IdentitySettings { other_kinds_limit: 1_000, ..IdentitySettings::default() };
    for kind in &mut settings.kinds {
        kind.limit = 1_000;
    }
    settings
}

proptest! {
    #[test]
    fn without_limits_the_order_of_arrival_does_not_matter(
        (rows, shuffled) in rows().prop_flat_map(|rows| (Just(rows.clone()), Just(rows).prop_shuffle())),
    ) {
        let settings = unlimited();
        let expected = connected(&rows);
        prop_assert_eq!(partition(&run(&settings, &rows)), expected.clone());
        prop_assert_eq!(partition(&run(&settings, &shuffled)), expected);
    }

    #[test]
    fn with_limits_every_promise_holds(rows in rows()) {
        let settings = IdentitySettings { other_kinds_limit: 2, ..IdentitySettings::default() };
        let mut identity = MemoryIdentity::default();
        let mut owners: BTreeMap<Identifier, ProfileId> = BTreeMap::new();
        for (position, row) in (0..).zip(&rows) {
            let before = identity.clone();
            let at = Position(position);
            let resolution = resolve(&settings, &identity, EventKind::Track, row, Instant::default(), at).expect("usable");
            identity.apply(&resolution);
            // The event goes to the profile of its highest-priority identifier.
            let strongest = row.iter().min_by_key(|identifier| settings.rank(&identifier.kind)).expect("one");
            prop_assert_eq!(&resolution.anchor.kind, &strongest.kind);
            prop_assert_eq!(identity.profile_of(&resolution.anchor), Some(resolution.profile));
            prop_assert!(resolution.absorb.is_sorted());
            prop_assert!(resolution.absorb.iter().all(|absorbed| *absorbed > resolution.profile));
            prop_assert_eq!(resolution.created, resolution.profile == ProfileId(position));
            // What was left out points where it pointed.
            for (left_out, _) in &resolution.dropped {
                let pointed = before.profile_of(left_out).map(|profile| identity.canonical(profile));
                prop_assert_eq!(identity.profile_of(left_out), pointed);
            }
            // Nothing ever moves except by a merge.
            for (identifier, owner) in &owners {
                prop_assert_eq!(identity.profile_of(identifier), Some(identity.canonical(*owner)));
            }
            for identifier in row {
                owners.extend(identity.profile_of(identifier).map(|profile| (identifier.clone(), profile)));
            }
            for profile in identity.profiles() {
                for kind in identity.kinds_of(profile) {
                    prop_assert!(identity.count_of_kind(profile, &kind) <= settings.limit(&kind));
                }
                prop_assert!(identity.count_of_kind(profile, &IdentifierKind::new("user_id")) <= 1);
            }
        }
    }
}
