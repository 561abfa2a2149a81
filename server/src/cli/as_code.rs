//! Segments as files under version control: pulled from a workspace, changed by hand, planned and applied.
//!
//! A folder belongs to one workspace. `segops.lock` in it says which file is which segment, and as of when:
//! what someone else has changed since is never overwritten.

mod apply;
mod file;
mod lock;
mod order;
mod plan;
mod pull;
mod remote;
mod show;

#[cfg(test)]
mod tests;

use std::path::PathBuf;

use clap::Args;

pub(crate) use apply::Apply;
pub(crate) use plan::PlanCommand;
pub(crate) use pull::Pull;

/// Where the segments' files are.
#[derive(Debug, Args)]
struct Folder {
    /// The folder with the segments' files; inner folders are read too.
    #[arg(value_name = "DIR")]
    folder: PathBuf,
}
