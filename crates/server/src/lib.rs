//! The outermost layer: HTTP for clients and tools, the command line, tokens, and the process that serves a
//! data folder.
//!
//! This crate decides nothing about customers. It reads requests, checks who may make them, hands them to
//! the engine and writes answers; every change goes through the engine's journal, and nothing here opens the
//! journal, the state or an artefact by itself.

mod analyses;
pub mod cli;
mod computing;
pub mod control;
mod definitions;
pub mod history_place;
pub mod http;
mod import;
mod open;
pub mod serve;
mod sql;
mod templates;
mod watching;
