//! Crash stories of journal and record log, on a disk that fails and loses on demand.

mod disks;
mod formats;
mod journal;
mod journal_faults;
mod record_log;
