//! What tests inject in place of the world: a clock that moves when told, a disk that fails and crashes.
//!
//! It never ships, and knows nothing of what is tested with it beyond the traits that it implements.

mod memory_disk;
mod simulated_clock;

#[cfg(test)]
mod tests;

pub use memory_disk::{MemoryDisk, Operation, TornWrites};
pub use simulated_clock::SimulatedClock;
