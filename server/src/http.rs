//! The HTTP interface: what tracking clients send to, and the REST API under `/api/v1`.

mod authority;
mod catalogue;
mod collect;
mod cors;
mod definitions;
mod health;
mod imports;
mod job;
mod members;
mod metrics;
mod openapi;
mod page;
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
mod segment_life;
mod segment_versions;
mod segments;
mod settings;
mod sources;
mod sources_config;
mod state;
mod status;
mod stream;
mod templates;
mod tokens;
mod transitions;
mod verify;

#[cfg(test)]
mod tests;

pub(crate) use collect::PeerAddress;
pub use imports::LocalFile;
pub use job::{LINES, Line};
pub use openapi::document;
pub use problem::Problem;
pub use router::router;
pub use state::App;
