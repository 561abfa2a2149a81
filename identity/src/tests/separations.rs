use segops_model::{EventKind, Identifier, Instant, Position, ProfileId, SplitId};

use crate::{DropReason, IdentifierHash, IdentitySettings, MemoryIdentity, Resolution, Unplaced, resolve};

/// Identity row by row: positions 0, 1, ...; an instant is its position in milliseconds.
#[derive(Default)]
struct Told {
    identity: MemoryIdentity,
    next: u64,
}

fn identifiers(text: &str) -> Vec<Identifier> {
    let pair = |word: &str| {
        let (kind, value) = word.split_once(':').expect("kind:value");
        let kind = match kind {
            "u" => "user_id",
            "a" => "anonymous_id",
            "prev" => "previous_id",
            kind => kind,
        };
        Identifier::new(kind, value)
    };
    text.split_whitespace().map(pair).collect()
}

fn instant(ms: u64) -> Instant {
    Instant::from_ms(i64::try_from(ms).expect("small"))
}

impl Told {
    fn position(&mut self) -> u64 {
        self.next += 1;
        self.next - 1
    }

    fn try_row(&mut self, kind: EventKind, text: &str, ts: u64) -> Result<Resolution, Unplaced> {
        let at = Position(self.position());
        let settings = IdentitySettings::default();
        let resolution = resolve(&settings, &self.identity, kind, &identifiers(text), instant(ts), at)?;
        self.identity.apply(&resolution);
        Ok(resolution)
    }

    fn row(&mut self, text: &str) -> Resolution {
        self.try_row(EventKind::Track, text, self.next).expect("usable")
    }

    fn owner(&self, identifier: &str) -> Option<ProfileId> {
        let identifiers = identifiers(identifier);
        crate::IdentityView::profile_of(&self.identity, identifiers.first().expect("one"))
    }

    fn ask(&mut self, of: &str, taken: &str) -> SplitId {
        let profile = self.owner(of).expect("a profile");
        let at = self.position();
        self.identity.ask_split(SplitId(at), profile, &identifiers(taken), instant(at));
        SplitId(at)
    }

    fn start(&mut self, split: SplitId) -> Position {
        let at = Position(self.position());
        self.identity.start_split(split, at);
        at
    }

    fn finish(&mut self, split: SplitId, started: Position) -> ProfileId {
        let at = self.position();
        self.identity.finish_split(split, started, ProfileId(at), instant(at));
        ProfileId(at)
    }

    fn split(&mut self, of: &str, taken: &str) -> (SplitId, ProfileId) {
        let split = self.ask(of, taken);
        let started = self.start(split);
        (split, self.finish(split, started))
    }

    fn delete(&mut self, of: &str) -> usize {
        let profile = self.owner(of).expect("a profile");
        let at = self.position();
        let hashes: Vec<_> = self.identity.identifiers_of(profile).iter().map(IdentifierHash::of).collect();
        self.identity.delete(profile, &hashes, instant(at)).len()
    }
}

#[test]
fn a_split_bars_the_link_until_it_is_lifted() {
    let mut told = Told::default();
    told.row("u:1 a:x");
    told.row("u:1 a:y");
    let (split, made) = told.split("u:1", "a:x");
    assert_eq!(told.owner("a:x"), Some(made));
    assert_eq!(told.owner("a:y"), told.owner("u:1"));
    let row = told.row("u:1 a:x");
    assert_eq!(row.profile, ProfileId(0));
    assert_eq!(row.dropped, [(Identifier::new("anonymous_id", "x"), DropReason::Barred)]);
    // By way of another identifier, or of an alias, neither.
    told.row("a:x email:shared@shop.example");
    assert_eq!(told.row("u:1 email:shared@shop.example").profile, ProfileId(0));
    let alias = told.try_row(EventKind::Alias, "u:1 prev:x", 20).expect("usable");
    assert_eq!((alias.profile, alias.absorb.len()), (ProfileId(0), 0));
    told.identity.lift(split, instant(30));
    assert_eq!(told.row("u:1 a:x").absorb, [made]);
    assert_eq!(told.identity.canonical(made), ProfileId(0));
}

#[test]
fn old_ids_go_along_with_their_anchors() {
    let mut told = Told::default();
    told.row("u:1");
    told.row("a:x");
    told.row("a:y");
    told.row("u:1 a:x");
    told.row("u:1 a:y");
    let (_, made) = told.split("u:1", "a:x");
    assert_eq!(told.identity.canonical(ProfileId(1)), made);
    assert_eq!(told.identity.canonical(ProfileId(2)), ProfileId(0));
    assert_eq!(told.identity.canonical(ProfileId(0)), ProfileId(0));
}

#[test]
fn an_attempt_is_stale_once_the_profile_has_merged() {
    let mut told = Told::default();
    told.row("u:1 a:x");
    told.row("a:y");
    let split = told.ask("u:1", "a:x");
    let started = told.start(split);
    told.row("u:1 a:y");
    told.finish(split, started);
    assert_eq!(told.owner("a:x"), told.owner("u:1"));
    let started = told.start(split);
    told.row("u:1 a:z");
    let made = told.finish(split, started);
    assert_eq!(told.owner("a:x"), Some(made));
    assert_eq!(told.owner("a:z"), told.owner("u:1"));
}

#[test]
fn a_second_split_goes_on_where_it_still_makes_sense() {
    let mut told = Told::default();
    told.row("u:1 a:x");
    told.row("u:1 a:y");
    told.row("u:1 a:z");
    let first = told.ask("u:1", "a:x a:y");
    let second = told.ask("u:1", "a:x");
    let torn = told.ask("u:1", "a:y a:z");
    let started = told.start(first);
    let made = told.finish(first, started);
    let started = told.start(second);
    let again = told.finish(second, started);
    assert_eq!((told.owner("a:x"), told.owner("a:y")), (Some(again), Some(made)));
    let started = told.start(torn);
    told.finish(torn, started);
    assert_eq!(told.owner("a:z"), told.owner("u:1"));
}

#[test]
fn rows_from_before_a_deletion_are_dropped_and_newer_ones_are_someone_new() {
    let mut told = Told::default();
    told.row("u:1 a:x");
    told.row("u:2");
    assert_eq!(told.delete("u:1"), 2);
    assert_eq!(told.owner("u:1"), None);
    assert_eq!(told.try_row(EventKind::Track, "u:1 a:new", 2), Err(Unplaced::Deleted));
    assert_eq!(told.owner("a:new"), None);
    // Someone else's row from before is theirs, without what was the deleted person's.
    let other = told.try_row(EventKind::Track, "u:2 a:x", 1).expect("usable");
    assert_eq!(other.dropped, [(Identifier::new("anonymous_id", "x"), DropReason::Deleted)]);
    let back = told.try_row(EventKind::Track, "u:1 a:x", 3).expect("usable");
    assert!(back.created);
    assert_eq!(told.try_row(EventKind::Track, "u:1", 2), Err(Unplaced::Deleted));
}

#[test]
fn a_deletion_that_expects_other_identifiers_changes_nothing() {
    let mut told = Told::default();
    told.row("u:1 a:x");
    let hashes = [IdentifierHash::of(&Identifier::new("user_id", "1"))];
    assert!(told.identity.delete(ProfileId(0), &hashes, instant(9)).is_empty());
    assert_eq!(told.owner("u:1"), Some(ProfileId(0)));
}

#[test]
fn a_deletion_takes_its_identifiers_out_of_bars() {
    let mut told = Told::default();
    told.row("u:1 a:x");
    told.split("u:1", "a:x");
    told.delete("a:x");
    let stored = serde_json::to_string(&told.identity).expect("json");
    assert!(!stored.contains("\"x\""), "{stored}");
    let restored: MemoryIdentity = serde_json::from_str(&stored).expect("reads");
    assert_eq!(serde_json::to_string(&restored).expect("json"), stored);
    // Who comes later under the same identifier is barred from nobody.
    assert_eq!(told.try_row(EventKind::Track, "u:1 a:x", 90).expect("usable").add.len(), 1);
}

#[test]
fn a_hash_is_read_back_from_its_text() {
    let hash = IdentifierHash::of(&Identifier::new("user_id", "1"));
    assert_eq!(hash.to_string().parse(), Ok(hash));
    assert!("12".parse::<IdentifierHash>().is_err());
    assert!("g".repeat(64).parse::<IdentifierHash>().is_err());
}
