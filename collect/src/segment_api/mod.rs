//! Requests of the Segment HTTP tracking API, as Segment's SDKs and RudderStack's send them.
//!
//! One bad event never fails its batch: SDKs drop a whole batch on a 4xx. A [`RequestError`] is only for
//! what no part of can be taken.

mod auth;
mod batch;
mod body;
mod call;
mod mend;
mod read;
mod request_error;
mod settings;
mod shared;

#[cfg(test)]
mod tests;

pub use auth::{Credentials, parse_basic};
pub use body::read_body;
pub use call::Call;
pub use read::{Received, Request, read};
pub use request_error::RequestError;
pub use settings::settings_document;
