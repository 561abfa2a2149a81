//! Chores of this repository that need more than a shell line: `cargo xtask tidy`.
//!
//! Knows the tree and the layering, and none of the product's code.

mod tidy;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};

const USAGE: &str = "usage: cargo xtask tidy    check layering, sizes, names and other rules of the tree";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match words.as_slice() {
        ["tidy"] => workspace_root().and_then(|root| tidy::run(&root)),
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// The folder that holds the workspace: the parent of this crate's own.
fn workspace_root() -> Result<PathBuf> {
    let own_folder = std::env::var_os("CARGO_MANIFEST_DIR")
        .map(PathBuf::from)
        .context("run this through cargo: `cargo xtask tidy`")?;
    own_folder.parent().map(Path::to_path_buf).context("the xtask crate has no parent folder")
}
