//! The engine as a whole, in simulated time on a simulated disk: what goes in, and what is true then.

mod conformance;
mod crash;
mod deleting;
mod editing;
mod lifecycle;
mod living;
mod merging;
mod oracle;
mod planted;
mod products;
mod property;
mod ranking;
mod splitting;
mod verifying;
mod world;
