//! Parts as their users see them: rows in, the same rows out, whatever happened in between.

mod crash;
mod failing_store;
mod foreign;
mod happening;
mod history;
mod naive;
mod network;
mod numbers;
mod place;
mod property;
mod stories;
mod table;
