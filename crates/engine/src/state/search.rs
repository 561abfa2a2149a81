//! Profiles by the words of their identifiers and traits, for searching as one types.
//!
//! Derived from the profile records and the traits, and changed with them. Anonymous ids are left out: nobody types
//! half of one, and whole ones are looked up. So are texts that are too long to be a name or an address.

use std::collections::{BTreeMap, BTreeSet};

use compact_str::CompactString;
use roaring::RoaringTreemap;

use segops_model::{ProfileId, Value, fold_case};
use segops_store::Keyspace;

use super::{ProfileRecord, State, Traits};

/// Characters of a text that is searched, at most.
const TEXT_CHARS_MAX: usize = 100;
/// Words of one query that are looked at.
const QUERY_WORDS_MAX: usize = 8;
/// Profiles that one search looks at.
const CANDIDATES_MAX: usize = 5_000;
/// Different words that are looked at to find out which word of a query is the rarest.
const WORDS_WEIGHED_MAX: usize = 256;

/// Which profiles have a word.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SearchIndex {
    holders: BTreeMap<CompactString, Holders>,
}

#[derive(Debug, Clone, PartialEq)]
enum Holders {
    One(ProfileId),
    Many(RoaringTreemap),
}

/// What a search has found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    pub profiles: Vec<ProfileId>,
    /// Whether there may be others that were not looked at.
    pub is_cut_short: bool,
}

impl SearchIndex {
    fn add(&mut self, word: CompactString, profile: ProfileId) {
        let holders = self.holders.entry(word).or_insert(Holders::One(profile));
        match holders {
            Holders::One(held) if *held == profile => {}
            Holders::One(held) => *holders = Holders::Many([held.0, profile.0].into_iter().collect()),
            Holders::Many(held) => {
                held.insert(profile.0);
            }
        }
    }

    fn remove(&mut self, word: &str, profile: ProfileId) {
        let Some(holders) = self.holders.get_mut(word) else { return };
        let is_gone = match holders {
            Holders::One(held) => *held == profile,
            Holders::Many(held) => {
                held.remove(profile.0);
                if held.len() == 1
                    && let Some(last) = held.min()
                {
                    *holders = Holders::One(ProfileId(last));
                }
                false
            }
        };
        if is_gone {
            self.holders.remove(word);
        }
    }

    /// Every word that begins so, in alphabetical order.
    fn beginning<'a>(&'a self, start: &'a str) -> impl Iterator<Item = &'a Holders> {
        let from =
            self.holders.range::<str, _>((std::ops::Bound::Included(start), std::ops::Bound::Unbounded));
        from.take_while(move |(word, _)| word.starts_with(start)).map(|(_, holders)| holders)
    }

    /// About how many profiles have a word that begins so.
    fn weight(&self, start: &str) -> u64 {
        self.beginning(start).take(WORDS_WEIGHED_MAX).map(Holders::len).sum()
    }

    /// Of all profiles, those for which something holds, the candidates in the order of the rarest word.
    fn find(&self, query: &[String], most: usize, holds: impl Fn(ProfileId) -> bool) -> Found {
        let rarest = query.iter().min_by_key(|word| self.weight(word));
        let Some(rarest) = rarest else { return Found::default() };
        let mut found = Found::default();
        let mut seen = BTreeSet::new();
        for profile in self.beginning(rarest).flat_map(Holders::iter) {
            if !seen.insert(profile) {
                continue;
            }
            if found.profiles.len() == most || seen.len() > CANDIDATES_MAX {
                found.is_cut_short = true;
                break;
            }
            if holds(profile) {
                found.profiles.push(profile);
            }
        }
        found
    }
}

impl Holders {
    fn len(&self) -> u64 {
        match self {
            Self::One(_) => 1,
            Self::Many(held) => held.len(),
        }
    }

    fn iter(&self) -> impl Iterator<Item = ProfileId> {
        let (one, many) = match self {
            Self::One(profile) => (Some(*profile), None),
            Self::Many(held) => (None, Some(held.iter().map(ProfileId))),
        };
        one.into_iter().chain(many.into_iter().flatten())
    }
}

impl State {
    /// Enters a profile under each word that it has by now.
    pub fn enter_in_search(&mut self, profile: ProfileId) {
        for word in words_of(self.profiles.get(&profile), self.traits.get(&profile)) {
            self.search.add(word, profile);
        }
    }

    /// Takes a profile out, before what it is found by changes.
    pub fn take_out_of_search(&mut self, profile: ProfileId) {
        for word in words_of(self.profiles.get(&profile), self.traits.get(&profile)) {
            self.search.remove(&word, profile);
        }
    }

    /// The index made from nothing but the records.
    #[must_use]
    pub fn search_made_anew(&self) -> SearchIndex {
        let mut made = SearchIndex::default();
        for (profile, record) in self.profiles.iter() {
            let words = words_of(Some(record), self.traits.get(profile));
            words.into_iter().for_each(|word| made.add(word, *profile));
        }
        made
    }

    /// How many words of a profile do not lead to it.
    #[must_use]
    pub fn missing_in_search(&self, profile: ProfileId) -> u64 {
        let is_missing = |word: &CompactString| {
            let holders = self.search.holders.get(word);
            !holders.is_some_and(|holders| match holders {
                Holders::One(held) => *held == profile,
                Holders::Many(held) => held.contains(profile.0),
            })
        };
        let words = words_of(self.profiles.get(&profile), self.traits.get(&profile));
        words.iter().filter(|word| is_missing(word)).count() as u64
    }

    /// Profiles that have, for each word of a query, one that begins with it.
    #[must_use]
    pub fn search(&self, query: &str, most: usize) -> Found {
        let query: Vec<String> =
            query.split_whitespace().take(QUERY_WORDS_MAX).map(|word| fold_case(word).into_owned()).collect();
        self.search.find(&query, most, |profile| {
            let words = words_of(self.profiles.get(&profile), self.traits.get(&profile));
            query.iter().all(|start| words.iter().any(|word| word.starts_with(start.as_str())))
        })
    }
}

/// What a profile is found by.
fn words_of(record: Option<&ProfileRecord>, traits: Option<&Traits>) -> BTreeSet<CompactString> {
    let mut words = BTreeSet::new();
    let identifiers = record.into_iter().flat_map(|record| &record.identifiers);
    for identifier in identifiers.filter(|identifier| !identifier.kind.is_anonymous()) {
        add_words(&identifier.value, &mut words);
    }
    for held in traits.into_iter().flat_map(Traits::iter) {
        if let Value::Text(text) = &held.value {
            add_words(text, &mut words);
        }
    }
    words
}

/// The parts between blanks, and the words of letters and digits in those: `o'brien`, `o` and `brien`.
fn add_words(text: &str, words: &mut BTreeSet<CompactString>) {
    if text.chars().nth(TEXT_CHARS_MAX).is_some() {
        return;
    }
    let text = fold_case(text);
    for part in text.split_whitespace() {
        words.insert(part.into());
        let of_part = part.split(|character: char| !character.is_alphanumeric());
        words.extend(of_part.filter(|word| !word.is_empty()).map(CompactString::from));
    }
}

/// Whether a change of a trait changes what a profile is found by.
#[must_use]
pub fn is_searched(value: &Value) -> bool {
    matches!(value, Value::Text(_))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        let mut words = BTreeSet::new();
        add_words(text, &mut words);
        words.into_iter().map(|word| word.to_string()).collect()
    }

    #[test]
    fn a_text_is_found_by_its_parts_and_their_words() {
        assert_eq!(words("Ann O'Brien"), ["ann", "brien", "o", "o'brien"]);
        assert_eq!(
            words("Ann.Smith@shop.example"),
            ["ann", "ann.smith@shop.example", "example", "shop", "smith"]
        );
        assert_eq!(words("+49 170 55"), ["+49", "170", "49", "55"]);
        assert_eq!(words("ÄRGER  straße"), ["straße", "ärger"]);
        assert!(words("").is_empty() && words(" - ").len() == 1);
        assert!(words(&"long ".repeat(30)).is_empty());
    }

    #[test]
    fn a_word_that_nobody_has_any_more_takes_no_room() {
        let mut index = SearchIndex::default();
        for profile in 1..=3 {
            index.add("ann".into(), ProfileId(profile));
        }
        assert_eq!(index.weight("an"), 3);
        for profile in [2, 2, 9, 1] {
            index.remove("ann", ProfileId(profile));
        }
        assert_eq!(index.holders.get("ann"), Some(&Holders::One(ProfileId(3))));
        index.remove("ann", ProfileId(3));
        assert_eq!(index, SearchIndex::default());
    }

    #[test]
    fn a_search_ends_with_what_it_may_look_at() {
        let mut index = SearchIndex::default();
        for profile in 0..CANDIDATES_MAX as u64 + 10 {
            index.add(format!("ann{profile}").into(), ProfileId(profile));
        }
        let all = ["a".to_owned()];
        assert!(index.find(&all, 10, |_| false).is_cut_short);
        let found = index.find(&all, 3, |_| true);
        assert_eq!((found.profiles.len(), found.is_cut_short), (3, true));
        let one = index.find(&["ann77".to_owned(), "a".to_owned()], 100, |profile| profile.0 == 77);
        assert_eq!((one.profiles, one.is_cut_short), (vec![ProfileId(77)], false));
        assert_eq!(index.find(&[], 3, |_| true), Found::default());
    }
}
