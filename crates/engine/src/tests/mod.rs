//! The engine as a whole, in simulated time on a simulated disk: what goes in, and what is true then.

mod checkpoint_format;
mod checkpointing;
mod computed;
mod conformance;
mod crash;
mod deleting;
mod derived;
mod editing;
mod history;
mod lifecycle;
mod living;
mod merging;
mod oracle;
mod planted;
mod products;
mod property;
mod ranking;
mod results;
mod splitting;
mod timeline;
mod unreachable;
mod verifying;
mod world;
