//! What the fold hands to the history: rows under their owners, and what happened to profiles.

use segops_model::{Event, Identifier, Position, ProfileId};
use segops_parts::{Change, PartRow};

use crate::fold::{Effects, RowOwner};
use crate::journal_item::Input;

/// Rows and changes of some frames, in the order of the journal.
#[derive(Debug, Default)]
pub(crate) struct Handed {
    pub(crate) rows: Vec<PartRow>,
    pub(crate) changes: Vec<Change>,
    /// Bytes of the rows as their frames have them.
    pub(crate) bytes: u64,
}

impl Handed {
    /// Takes an input over once it is applied: nothing is copied.
    pub(crate) fn take(&mut self, position: Position, input: Input, bytes: u64, effects: &mut Effects) {
        self.changes.append(&mut effects.happened);
        let Some(RowOwner { profile, anchor }) = effects.owner.take() else { return };
        if let Input::Event { event, .. } = input {
            self.add(position, profile, anchor, event, bytes);
        }
    }

    fn add(&mut self, position: Position, profile: ProfileId, anchor: Identifier, event: Event, bytes: u64) {
        self.rows.push(PartRow { position, profile, anchor, event });
        self.bytes += bytes;
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty() && self.changes.is_empty()
    }
}
