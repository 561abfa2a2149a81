//! The HTTP interface: what tracking clients send to, and the REST API under `/api/v1`.

mod analyses;
mod authority;
mod catalogue;
mod checkpoints;
mod collect;
mod computed_traits;
mod consent;
mod cors;
mod definitions;
mod derived_events;
mod health;
mod imports;
mod job;
mod lists;
mod members;
mod metrics;
mod openapi;
mod page;
mod parts;
mod people;
mod problem;
mod products;
mod profiles;
mod read_body;
mod rejections;
mod request_id;
mod router;
mod rule_input;
mod rules;
mod scores;
mod segment_life;
mod segment_versions;
mod segments;
mod settings;
mod sources;
mod sources_config;
mod sql;
mod state;
mod status;
mod stream;
mod templates;
mod tokens;
mod transitions;
mod verify;

#[cfg(test)]
mod tests;

pub(crate) use analyses::{AnalysisResult, CustomersResult};
pub(crate) use collect::PeerAddress;
pub use imports::LocalFile;
pub use job::{LINES, Line};
pub use openapi::document;
pub use problem::{Problem, QueryPlace};
pub use router::router;
pub(crate) use sql::{SqlTable, SqlTables};
pub use state::App;
