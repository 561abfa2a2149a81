//! Evaluation: which events a rule means, what of a profile's history it needs, whether it holds at an
//! instant, when that can next change, and why. Live membership and rebuilds both go through here, so that
//! the meaning of a rule is written once.
//!
//! This crate knows nothing of storage, journals, identity or clocks. Everything is a function of what it
//! is given: a compiled [`Program`], a [`ProfileView`], an instant.

mod active;
mod aggregate;
mod backfill;
mod cadence;
mod calendar;
mod capture;
mod count_range;
mod evaluate;
mod explain;
mod instants;
mod matcher;
mod membership;
mod months;
mod occurrence;
mod orders;
mod path_test;
mod place;
mod products;
mod program;
mod ranking;
#[cfg(test)]
mod sample;
mod score;
mod sentence;
mod sequence;
mod signal;
mod stable_sample;
mod timeline;
mod trait_date;
mod trait_history;
mod value_test;
mod window;

pub use aggregate::MEDIAN_VALUES_MAX;
pub use backfill::{Backfill, History, HistoryRequest};
pub use cadence::CADENCE_EVENTS_MAX;
pub use calendar::Calendar;
pub use capture::{Capture, CaptureKind, VALUES_PER_EVENT_MAX};
pub use evaluate::{ProfileView, Verdict, evaluate};
pub use explain::{
    BaseExplanation, ConditionExplanation, Explanation, Observed, ObservedWindow, Threshold, explain,
    next_flip,
};
pub use matcher::Matcher;
pub use orders::{
    ORDER_ID_BYTES_MAX, Order, OrderFact, OrderFacts, OrderKey, OrderOccurrence, OrderStatus,
    REFUNDS_PER_ORDER_MAX,
};
pub use products::{
    PRODUCT_FIELDS_MAX, PRODUCT_VERSIONS_MAX, PRODUCTS_MAX, ProductChange, ProductKey, ProductVersion,
    Products,
};
pub use program::Program;
pub use ranking::{Census, Cut, Ranking, RankingKey, RankingThreshold};
pub use segops_rules::ORDER_EVENT;
pub use score::{
    RecordedScore, ScoreFunction, ScoreFunctions, ScoreInput, ScoreRecord, ScoreValue, newest_record,
};
pub use segops_rules::ScoreKind;
pub use sentence::{Speech, sentence};
pub use sequence::SEQUENCE_MATCHES_MAX;
pub use signal::{SignalRegistry, TraitWatch, WATCHED_TESTS_MAX};
pub use timeline::{
    CHUNK_ENTRIES_MAX, Chunk, Entry, Keep, RECORDED_TRANSITIONS_MAX, RecordedTransition, RecordedTransitions,
    Timeline, TimelineItem, ValueEntry, ValueSubtotal,
};
pub use trait_history::TRAIT_SETS_MAX;
pub use value_test::ValueTest;
pub use window::WindowBounds;
