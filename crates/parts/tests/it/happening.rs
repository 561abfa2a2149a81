//! What happens next in a made-up history.

use segops_model::ProfileId;
use segops_parts::{Change, ChangeKind};

use crate::history::{Numbers, row};
use crate::naive::Naive;

/// One more frame of the history.
pub(crate) fn happen(naive: &mut Naive, numbers: &mut Numbers, kind: Happening) {
    let position = naive.until;
    let profiles = naive.profiles();
    let some = |numbers: &mut Numbers| profiles.get(numbers.below(profiles.len())).copied();
    match kind {
        Happening::Event => {
            let known = some(numbers).filter(|_| !numbers.one_in(4));
            naive.add(row(numbers, position, known.unwrap_or(ProfileId(position.0))));
        }
        Happening::Merge => {
            let (Some(absorbed), Some(survivor)) = (some(numbers), some(numbers)) else { return };
            if absorbed != survivor {
                naive.change(Change { position, kind: ChangeKind::Merged { absorbed, survivor } });
            }
        }
        Happening::Split => {
            let Some(profile) = some(numbers) else { return };
            let mut anchors = naive.anchors_of(profile);
            anchors.truncate(1 + numbers.below(anchors.len()));
            let into = ProfileId(position.0);
            naive.change(Change { position, kind: ChangeKind::Split { profile, anchors, into } });
        }
        Happening::Delete => {
            let Some(profile) = some(numbers) else { return };
            naive.change(Change { position, kind: ChangeKind::Deleted { profile } });
        }
    }
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Happening {
    Event,
    Merge,
    Split,
    Delete,
}
