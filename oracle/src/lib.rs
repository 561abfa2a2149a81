//! What a rule means, a third time: slowly, plainly, and from whole histories. Tests hold the live engine and
//! the rebuild against it, so that a mistake in what those two share shows as well.
//!
//! It never ships. It reads events and rules as data, and takes no behaviour from the product: it has its own
//! identity, duplicate window, time arithmetic, coercion and matching, and must not know of any crate that has
//! another. It keeps nothing but the events, and answers each question by going through all of them.

mod active;
mod aggregate;
mod calendar;
mod filter;
mod occurrence;
mod oracle;
mod order;
mod people;
mod place;
mod products;
mod ranking;
mod recorded;
mod sample;
mod sequence;
mod trait_date;
mod trait_history;
mod value;

#[cfg(test)]
mod tests;

pub use calendar::Calendar;
pub use oracle::{Oracle, Sources};
pub use products::ProductFact;
