//! The built binary on a folder of its own, whose data folder is `shop`.

use std::path::Path;
use std::process::{Command, Output};

use crate::server_process::BINARY;

pub(crate) fn command(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(BINARY)
        .current_dir(folder)
        .env("SEGOPS_DATA", "shop")
        .env_remove("SEGOPS_URL")
        .env_remove("SEGOPS_TOKEN")
        .args(arguments)
        .output()
        .unwrap()
}

/// What a command prints that has to succeed.
pub(crate) fn run(folder: &Path, arguments: &[&str]) -> String {
    let output = command(folder, arguments);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}
