//! The words that the language keeps for itself.

/// Words that mean something at the start of a condition or a test. A trait or property with such a name
/// is written in quotes.
const RESERVED: &[&str] = &[
    "did",
    "not",
    "in",
    "is",
    "all",
    "any",
    "none",
    "and",
    "or",
    "trait",
    "where",
    "customers",
    "identified",
    "everyone",
    "true",
    "false",
    "null",
    "from",
    "property",
];

/// Words that start a test, besides the signs.
pub(super) const TEST_WORDS: &[&str] = &[
    "is", "in", "contains", "starts", "ends", "matches", "between", "before", "since", "exists", "length",
    "does", "has", "after", "equals", "at", "more", "less", "not",
];

/// Words that can follow an event's name.
pub(super) const CLAUSE_WORDS: &[&str] = &[
    "where",
    "in",
    "within",
    "during",
    "was",
    "has",
    "from",
    "between",
    "at",
    "more",
    "less",
    "fewer",
    "exactly",
    "once",
    "twice",
    "never",
    "today",
    "yesterday",
    "this",
    "last",
    "on",
    "since",
    "after",
    "before",
    "ever",
    "all",
    "of",
    "and",
    "or",
    "times",
    "time",
    "then",
    "followed",
    "but",
    "with",
    "for",
    "overdue",
];

pub(crate) fn is_reserved(word: &str) -> bool {
    RESERVED.iter().any(|reserved| word.eq_ignore_ascii_case(reserved))
}
