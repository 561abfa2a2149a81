//! The server and the command line from outside: the router in this process on a real engine, and the
//! built binary.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod api;
mod as_code;
mod captures;
mod checking;
mod cli;
mod collect;
mod kill;
mod openapi;
mod people;
mod segments;
mod serving;
mod streams;
mod templates;

mod products;
mod server_process;
mod workspace;
