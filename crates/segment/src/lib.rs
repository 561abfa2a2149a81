//! Evaluation: which events a rule means, what of a profile's history it needs, whether it holds at an
//! instant, when that can next change, and why. Live membership and rebuilds both go through here, so that
//! the meaning of a rule is written once.
//!
//! This crate knows nothing of storage, journals, identity or clocks. Everything is a function of what it
//! is given: a compiled [`Program`], a [`ProfileView`], an instant.

mod active;
mod aggregate;
mod backfill;
mod calendar;
mod capture;
mod count_range;
mod evaluate;
mod explain;
mod matcher;
mod months;
mod occurrence;
mod orders;
mod path_test;
mod products;
mod program;
#[cfg(test)]
mod sample;
mod sentence;
mod signal;
mod stable_sample;
mod timeline;
mod value_test;
mod window;

pub use aggregate::MEDIAN_VALUES_MAX;
pub use backfill::{Backfill, History, HistoryRequest};
pub use calendar::Calendar;
pub use capture::{Capture, CaptureKind, VALUES_PER_EVENT_MAX};
pub use evaluate::{ProfileView, Verdict, evaluate};
pub use explain::{
    BaseExplanation, ConditionExplanation, Explanation, Observed, ObservedWindow, Threshold, explain,
    next_flip,
};
pub use matcher::Matcher;
pub use orders::{
    ORDER_ID_BYTES_MAX, Order, OrderFact, OrderFacts, OrderKey, OrderStatus, REFUNDS_PER_ORDER_MAX,
};
pub use products::{PRODUCT_VERSIONS_MAX, PRODUCTS_MAX, ProductChange, ProductKey, ProductVersion, Products};
pub use program::{ORDER_EVENT, Program};
pub use sentence::{Speech, sentence};
pub use signal::SignalRegistry;
pub use timeline::{CHUNK_ENTRIES_MAX, Chunk, Entry, Keep, Timeline, ValueEntry, ValueSubtotal};
pub use value_test::ValueTest;
pub use window::WindowBounds;
