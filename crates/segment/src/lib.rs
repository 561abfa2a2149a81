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
mod carried;
mod computed;
mod consent;
mod count_range;
mod derived;
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
mod result;
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
mod vectorized;
mod window;

pub use aggregate::MEDIAN_VALUES_MAX;
pub use backfill::{Backfill, History, HistoryRequest};
pub use cadence::CADENCE_EVENTS_MAX;
pub use calendar::{Calendar, Period};
pub use capture::{Capture, CaptureKind, LineFilter, VALUES_PER_EVENT_MAX};
pub use carried::{CARRIED_FROM, CARRIED_VALUES_MAX, Carried};
pub use computed::{ChosenAt, ComputedReading, ComputedValue};
pub use consent::{CONSENT_STATEMENTS_MAX, ConsentFact, ConsentHistory, Said, reaches};
pub use derived::{
    DERIVED_FACTS_MAX, Derivation, DerivedChange, DerivedFact, DerivedFacts, DerivedOccurrence, Deriving,
};
pub use evaluate::{
    CHANGES_LOOKED_OVER, Judgement, ProfileView, UNMOVED_MATCHES_MAX, Verdict, evaluate, judge, selects,
};
pub use explain::{
    BaseExplanation, ComputedPart, ConditionExplanation, Describe, Explanation, Observed, ObservedAddress,
    ObservedWindow, Threshold, explain, next_flip,
};
pub use matcher::Matcher;
pub use orders::{
    ORDER_ID_BYTES_MAX, Order, OrderFact, OrderFacts, OrderKey, OrderOccurrence, OrderStatus,
    REFUNDS_PER_ORDER_MAX,
};
pub use products::{
    PRODUCT_FIELDS_MAX, PRODUCT_VERSIONS_MAX, PRODUCTS_MAX, ProductChange, ProductKey, ProductVersion,
    Products, ProductsChanged, reads_products,
};
pub use program::Program;
pub use ranking::{Census, Cut, Ranking, RankingKey, RankingThreshold};
pub use result::{Naming, ResultKind};
pub use score::{
    RecordedScore, ScoreFunction, ScoreFunctions, ScoreInput, ScoreRecord, ScoreValue, newest_record,
};
pub use segops_rules::ORDER_EVENT;
pub use segops_rules::ScoreKind;
pub use sentence::{Speech, sentence};
pub use sequence::SEQUENCE_MATCHES_MAX;
pub use signal::{
    EventReads, NamedSignals, Reads, SignalMemos, SignalRegistry, SignalRows, StoredDerivation, StoredSignal,
    StoredSignalKind, StoredSignals, TraitWatch, WATCHED_TESTS_MAX,
};
pub use timeline::{
    CHUNK_ENTRIES_MAX, Chunk, Entry, Keep, RECORDED_TRANSITIONS_MAX, RecordedTransition, RecordedTransitions,
    Timeline, TimelineItem, ValueEntry, ValueSubtotal,
};
pub use trait_history::TRAIT_SETS_MAX;
pub use value_test::ValueTest;
pub use vectorized::{Alone, BlockRows, ProfileRows, Tallies, Vectorized};
pub use window::WindowBounds;
