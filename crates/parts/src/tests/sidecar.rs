use bytes::Bytes;
use proptest::prelude::*;

use crate::sidecar::{Index, Run, write};

/// Runs as a part has them: each name's profiles in ascending order, one after the other.
fn runs() -> impl Strategy<Value = Vec<Run>> {
    let of_name = prop::collection::btree_map(prop_oneof![0_u64..40, any::<u64>()], 1_u64..9, 0..60);
    prop::collection::vec(of_name, 0..6).prop_map(|names| {
        let mut start = 0;
        let mut runs = Vec::new();
        for (profile, rows) in names.into_iter().flatten() {
            runs.push(Run { profile, start, rows });
            start += rows;
        }
        runs
    })
}

fn open(written: &crate::sidecar::Written) -> Index {
    let offset = usize::try_from(written.index_offset).expect("small");
    Index::read("sidecar", &written.bytes[offset..], written.index_offset).expect("whole")
}

proptest! {
    #[test]
    fn every_profile_leads_to_its_runs(runs in runs(), other in any::<u64>()) {
        let written = write(runs.clone());
        let index = open(&written);
        let mut sorted = runs.clone();
        sorted.sort_unstable();
        prop_assert_eq!(&index.read_all(&Bytes::from(written.bytes.clone())).expect("whole"), &sorted);
        for profile in runs.iter().map(|run| run.profile).chain([other, 0, u64::MAX]) {
            let found: Vec<Run> = index.block_of(profile).map_or_else(Vec::new, |(number, range)| {
                let bytes = &written.bytes[range.start as usize..range.end as usize];
                index.read_block(number, bytes).expect("whole")
            });
            let found: Vec<_> = found.into_iter().filter(|run| run.profile == profile).collect();
            let expected: Vec<_> = sorted.iter().copied().filter(|run| run.profile == profile).collect();
            prop_assert_eq!(found, expected);
        }
    }

    #[test]
    fn every_flipped_byte_is_noticed(runs in runs(), at in any::<prop::sample::Index>()) {
        let mut written = write(runs);
        let at = at.index(written.bytes.len());
        written.bytes[at] ^= 0x40;
        let offset = usize::try_from(written.index_offset).expect("small");
        let read = Index::read("sidecar", &written.bytes[offset..], written.index_offset)
            .and_then(|index| index.read_all(&Bytes::from(written.bytes.clone())));
        prop_assert!(read.is_err(), "byte {}", at);
    }
}
