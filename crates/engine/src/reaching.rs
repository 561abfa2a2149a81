//! Recording consent and changing uploaded lists: read, checked, and journalled in bounded commands.

use std::collections::BTreeSet;

use segops_model::{
    CONSENT_SCOPE_BYTES_MAX, ConsentChannel, ConsentFile, ConsentStatement, Identifier, Instant, ListId,
};
use segops_store::Keyspace;

use crate::command::{Change, Outcome, Refusal};
use crate::consent::{ConsentKey, Unheard, settled};
use crate::engine::Engine;
use crate::error::EngineError;
use crate::lists::read_entry;
use crate::state::{ListState, State};
use crate::view;

impl Engine {
    /// Records what was said of addresses, and gives those rows that name none.
    ///
    /// # Errors
    /// The engine is stopping. What was recorded before stays.
    pub fn record_consent(
        &self,
        author: &str,
        statements: &[ConsentStatement],
        file: Option<&ConsentFile>,
    ) -> Result<view::Taken, EngineError> {
        let mut taken = view::Taken::default();
        let mut accepted = Vec::new();
        let now = self.now();
        {
            let state = &self.core().fold.read().state;
            for (row, statement) in statements.iter().enumerate() {
                match checked(statement, state, now) {
                    Ok((key, settled)) => {
                        let held = state.consents.get(&key);
                        taken.known += u64::from(held.is_some_and(|held| held.holds(&settled)));
                        accepted.push(settled);
                    }
                    Err(reason) => {
                        let text = statement.address.to_string();
                        taken.rejected.push(view::RejectedRow { row, text, reason });
                    }
                }
            }
        }
        for batch in accepted.chunks(self.limits().consent_batch_max) {
            let change = Change::RecordConsent { statements: batch.to_vec(), file: file.cloned() };
            self.change(author, change)?;
        }
        taken.accepted = accepted.len() as u64;
        Ok(taken)
    }

    /// A file with consent: when it came in first, which is now where it never did.
    #[must_use]
    pub fn consent_file(&self, hash: &str) -> ConsentFile {
        let held = self.core().fold.read().state.consent_files.get(hash).copied();
        ConsentFile { hash: hash.to_owned(), first_at: held.unwrap_or_else(|| self.now()) }
    }

    /// Everything that was said of an address, the oldest first.
    #[must_use]
    pub fn consent(&self, channel: ConsentChannel, address: &str) -> Vec<ConsentStatement> {
        let identifier = Identifier::new(channel.identifier_kind(), address);
        let settings = self.settings().identity;
        let Ok(identifier) = segops_identity::normalise(&settings, &identifier) else { return Vec::new() };
        let fold = self.core().fold.read();
        let history = fold.state.consents.get(&(channel, identifier.clone()));
        let said = history.into_iter().flat_map(segops_segment::ConsentHistory::iter);
        said.map(|one| ConsentStatement {
            channel,
            address: identifier.value.clone(),
            topic: one.topic.clone(),
            store: one.store.clone(),
            state: one.state,
            ts: one.ts,
        })
        .collect()
    }

    #[must_use]
    pub fn lists(&self) -> Vec<view::UploadedList> {
        let fold = self.core().fold.read();
        fold.state.lists.values().map(|list| list_view(&fold.state, list)).collect()
    }

    /// # Errors
    /// There is no such list.
    pub fn list(&self, name_or_id: &str) -> Result<view::UploadedList, EngineError> {
        self.with_list(name_or_id, list_view)
    }

    /// A page of a list's entries as `kind:value`, in their order.
    ///
    /// # Errors
    /// There is no such list.
    pub fn list_entries(
        &self,
        name_or_id: &str,
        after: Option<&Identifier>,
        limit: usize,
    ) -> Result<Vec<Identifier>, EngineError> {
        use std::ops::Bound::{Excluded, Unbounded};
        let limit = limit.min(self.limits().page_rows_max.saturating_add(1));
        self.with_list(name_or_id, |state, list| {
            let Some(entries) = state.list_book.entries(list.id) else { return Vec::new() };
            let from = after.map_or(Unbounded, Excluded);
            entries.range((from, Unbounded)).take(limit).cloned().collect()
        })
    }

    /// # Errors
    /// The name is taken, or there are too many lists.
    pub fn create_list(&self, author: &str, name: &str) -> Result<view::UploadedList, EngineError> {
        let Outcome::ListCreated(id) = self.change(author, Change::CreateList { name: name.to_owned() })?
        else {
            return Err(EngineError::NotFound("the list".to_owned()));
        };
        self.list(&id.to_string())
    }

    /// Puts rows into a list, or takes them out, and gives those that are no identifiers. `kind` is theirs
    /// where they do not say it.
    ///
    /// # Errors
    /// There is no such list, or it has no room. What was changed before stays.
    pub fn change_list(
        &self,
        author: &str,
        name_or_id: &str,
        rows: &view::ListRows,
    ) -> Result<view::Taken, EngineError> {
        let (remove, mut rejected) = self.read_rows(&rows.remove, rows.kind.as_deref());
        let (add, rejected_adds) = self.read_rows(&rows.add, rows.kind.as_deref());
        rejected.extend(rejected_adds);
        let (id, known) = self.with_list(name_or_id, |state, list| {
            let held = |entry: &&Identifier| {
                state.list_book.entries(list.id).is_some_and(|entries| entries.contains(entry))
            };
            let known = remove.iter().filter(|entry| !held(entry)).count() + add.iter().filter(held).count();
            (list.id, known as u64)
        })?;
        self.apply_to_list(author, id, &remove, &add)?;
        Ok(view::Taken { accepted: (remove.len() + add.len()) as u64, known, rejected })
    }

    /// Makes a list hold these rows and no others: what it has too much is taken out, what it lacks put in.
    ///
    /// # Errors
    /// As [`Engine::change_list`].
    pub fn replace_list(
        &self,
        author: &str,
        name_or_id: &str,
        rows: &[String],
        kind: Option<&str>,
    ) -> Result<view::Taken, EngineError> {
        let (wanted, rejected) = self.read_rows(rows, kind);
        let taken = self.make_list_hold(author, name_or_id, &wanted.into_iter().collect())?;
        Ok(view::Taken { rejected, ..taken })
    }

    /// Makes a list hold what another one holds.
    ///
    /// # Errors
    /// As [`Engine::change_list`].
    pub fn replace_list_from(
        &self,
        author: &str,
        name_or_id: &str,
        other: &str,
    ) -> Result<view::Taken, EngineError> {
        let wanted = self.with_list(other, |state, list| state.list_book.entries(list.id).cloned())?;
        self.make_list_hold(author, name_or_id, &wanted.unwrap_or_default())
    }

    fn make_list_hold(
        &self,
        author: &str,
        name_or_id: &str,
        wanted: &BTreeSet<Identifier>,
    ) -> Result<view::Taken, EngineError> {
        let (id, remove, add) = self.with_list(name_or_id, |state, list| {
            let nothing = BTreeSet::new();
            let held = state.list_book.entries(list.id).unwrap_or(&nothing);
            let remove: Vec<_> = held.difference(wanted).cloned().collect();
            let add: Vec<_> = wanted.difference(held).cloned().collect();
            (list.id, remove, add)
        })?;
        self.apply_to_list(author, id, &remove, &add)?;
        let known = (wanted.len() - add.len()) as u64;
        Ok(view::Taken { accepted: wanted.len() as u64, known, rejected: Vec::new() })
    }

    /// # Errors
    /// There is no such list, or a rule names it.
    pub fn delete_list(&self, author: &str, name_or_id: &str) -> Result<(), EngineError> {
        let list = self.with_list(name_or_id, |_, list| list.id)?;
        self.change(author, Change::DeleteList { list }).map(drop)
    }

    fn apply_to_list(
        &self,
        author: &str,
        list: ListId,
        remove: &[Identifier],
        add: &[Identifier],
    ) -> Result<(), EngineError> {
        let size = self.limits().list_batch_max;
        let removals = remove.chunks(size).map(|batch| (batch.to_vec(), Vec::new()));
        let additions = add.chunks(size).map(|batch| (Vec::new(), batch.to_vec()));
        for (remove, add) in removals.chain(additions) {
            self.change(author, Change::ChangeList { list, remove, add })?;
        }
        Ok(())
    }

    fn read_rows(&self, rows: &[String], kind: Option<&str>) -> (Vec<Identifier>, Vec<view::RejectedRow>) {
        let settings = self.settings().identity;
        let (mut read, mut rejected) = (Vec::new(), Vec::new());
        for (row, text) in rows.iter().enumerate() {
            match read_entry(text, kind, &settings) {
                Ok(entry) => read.push(entry),
                Err(reason) => rejected.push(view::RejectedRow { row, text: text.clone(), reason }),
            }
        }
        (read, rejected)
    }

    fn with_list<T>(
        &self,
        name_or_id: &str,
        look: impl FnOnce(&State, &ListState) -> T,
    ) -> Result<T, EngineError> {
        let fold = self.core().fold.read();
        let list = fold.state.find_list(name_or_id);
        let list = list.ok_or_else(|| EngineError::from(Refusal::NoList(name_or_id.to_owned())))?;
        Ok(look(&fold.state, list))
    }
}

/// The statement as it is recorded, or why it is not.
fn checked(
    statement: &ConsentStatement,
    state: &State,
    now: Instant,
) -> Result<(ConsentKey, ConsentStatement), String> {
    for (name, scope) in [("topic", &statement.topic), ("store", &statement.store)] {
        if scope.as_ref().is_some_and(|scope| scope.len() > CONSENT_SCOPE_BYTES_MAX) {
            return Err(format!("the {name} has more than {CONSENT_SCOPE_BYTES_MAX} bytes"));
        }
    }
    let (settings, deletions) = (&state.settings.identity, &state.separations.deletions);
    settled(statement, settings, deletions, now).map_err(|unheard| match unheard {
        Unheard::NoAddress => format!("this is no address for {}", statement.channel.name()),
        Unheard::Deleted => "it was of a person who was deleted after it was said".to_owned(),
    })
}

fn list_view(state: &State, list: &ListState) -> view::UploadedList {
    view::UploadedList {
        id: list.id,
        name: list.name.clone(),
        entries: state.list_book.entries(list.id).map_or(0, |entries| entries.len() as u64),
        author: list.author.clone(),
        created_at: list.created_at,
        changed_at: list.changed_at,
        version: list.version,
    }
}
