//! Which crate may use which. The layers are those of ARCHITECTURE.md: a crate uses crates of lower layers,
//! never one of its own.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use super::Problem;

/// A crate and its layer. Adding a crate, or moving one, is a decision: write it down in docs/adr.
const LAYERS: &[(&str, u8)] = &[
    ("segops-model", 1),
    ("segops-rules", 2),
    ("segops-collect", 3),
    ("segops-identity", 3),
    ("segops-store", 3),
    ("segops-parts", 3),
    ("segops-segment", 3),
    ("segops-score", 3),
    ("segops-connect", 3),
    ("segops-assist", 3),
    ("segops-simulate", 3),
    ("segops-web-assets", 3),
    ("segops-engine", 4),
    ("segops-query", 4),
    ("segops-sql", 4),
    ("segops-server", 5),
];

/// Crates beside the product, and every workspace crate that each may use. `segops-bench` measures through
/// the public interfaces, so it may use none; `segops-history-bench` opens a data folder as the server does.
const BESIDE: &[(&str, &[&str])] = &[
    ("segops-testkit", &["segops-model", "segops-store"]),
    ("segops-oracle", &["segops-model", "segops-rules"]),
    ("segops-bench", &[]),
    (
        "segops-history-bench",
        &[
            "segops-model",
            "segops-rules",
            "segops-collect",
            "segops-store",
            "segops-parts",
            "segops-query",
            "segops-engine",
        ],
    ),
    ("xtask", &[]),
];

/// Crates of the product that may use less than their layer lets them, and every workspace crate that each may use. Their
/// tests may use what lies below.
const NARROWED: &[(&str, &[&str])] = &[
    ("segops-query", &["segops-model", "segops-rules", "segops-segment", "segops-parts"]),
    ("segops-sql", &["segops-model", "segops-rules", "segops-segment", "segops-parts"]),
];

/// Crates that only one other crate may use.
const LEAVES: &[(&str, &str)] = &[("segops-web-assets", "segops-server")];

const TEST_CRATES: &[&str] = &["segops-testkit", "segops-oracle"];
const TABLE: &str = "xtask/src/tidy/edges.rs";

/// External crates that are heavy or shape everything they touch, and the one crate that may name them.
/// `segops-sql` names Arrow and Parquet through DataFusion, which is of the same versions.
const WALLED: &[(&str, &str)] = &[
    ("datafusion", "segops-sql"),
    ("pgwire", "segops-sql"),
    ("arrow-pg", "segops-sql"),
    ("arrow", "segops-parts"),
    ("parquet", "segops-parts"),
    ("object_store", "segops-parts"),
];

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Package {
    pub(super) name: String,
    pub(super) dependencies: Vec<Dependency>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Dependency {
    pub(super) name: String,
    /// `None` for a normal dependency, else `dev` or `build`.
    pub(super) kind: Option<String>,
    /// Set when the dependency is a crate of this workspace.
    pub(super) path: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

/// The workspace's packages as cargo sees them.
pub(super) fn read_packages(root: &Path) -> Result<Vec<Package>> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .current_dir(root)
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
        .output()
        .context("cannot run `cargo metadata`")?;
    ensure!(
        output.status.success(),
        "`cargo metadata` failed; fix the manifests first:\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let metadata: Metadata =
        serde_json::from_slice(&output.stdout).context("cannot read the answer of `cargo metadata`")?;
    Ok(metadata.packages)
}

pub(super) fn check(packages: &[Package]) -> Vec<Problem> {
    let mut problems = Vec::new();
    for package in packages {
        let manifest = manifest_of(&package.name);
        if !is_placed(&package.name) {
            problems.push(Problem::error(
                manifest,
                None,
                format!(
                    "crate `{}` has no layer; place it in {TABLE} and write an ADR that says why",
                    package.name
                ),
            ));
            continue;
        }
        for dependency in &package.dependencies {
            if let Some(message) = refuse(&package.name, dependency) {
                problems.push(Problem::error(manifest.clone(), None, message));
            }
        }
    }
    problems
}

/// Why `user` may not depend on this, or `None` when it may.
fn refuse(user: &str, dependency: &Dependency) -> Option<String> {
    let used = dependency.name.as_str();
    if dependency.path.is_none() {
        // The first that fits: a longer name comes before the family that it begins like.
        return WALLED
            .iter()
            .find(|(walled, _)| used == *walled || used.starts_with(&format!("{walled}-")))
            .filter(|(_, owner)| user != *owner)
            .map(|(_, owner)| {
                format!("`{used}` is named by `{owner}` alone; move this code there, or ask `{owner}` for it")
            });
    }
    let is_for_tests = dependency.kind.as_deref() == Some("dev");
    if TEST_CRATES.contains(&used) {
        return (!is_for_tests).then(|| format!("`{used}` never ships; use it as a dev-dependency"));
    }
    if let Some((_, owner)) = LEAVES.iter().find(|(leaf, owner)| *leaf == used && *owner != user) {
        return Some(format!("only `{owner}` may use `{used}`; go through `{owner}`"));
    }
    let narrowed = BESIDE.iter().chain(NARROWED.iter().filter(|_| !is_for_tests));
    if let Some((_, allowed)) = narrowed.into_iter().find(|(name, _)| *name == user) {
        return (!allowed.contains(&used)).then(|| {
            format!(
                "`{user}` may not use `{used}`; use what that crate offers from outside, or change {TABLE} with an ADR"
            )
        });
    }
    match (layer_of(user), layer_of(used)) {
        (Some(user_layer), Some(used_layer)) if used_layer < user_layer => None,
        (Some(user_layer), Some(used_layer)) => Some(format!(
            "`{user}` (layer {user_layer}) may not use `{used}` (layer {used_layer}); move what both need to a lower layer, or let a higher one connect them"
        )),
        _ => Some(format!("`{user}` may not use `{used}`, which has no layer; place it in {TABLE}")),
    }
}

fn layer_of(name: &str) -> Option<u8> {
    LAYERS.iter().find(|(layered, _)| *layered == name).map(|(_, layer)| *layer)
}

fn is_placed(name: &str) -> bool {
    layer_of(name).is_some() || BESIDE.iter().any(|(beside, _)| *beside == name)
}

fn manifest_of(name: &str) -> String {
    match name {
        "xtask" => "xtask/Cargo.toml".to_owned(),
        "segops-bench" => "bench/Cargo.toml".to_owned(),
        _ => format!("crates/{}/Cargo.toml", name.trim_start_matches("segops-")),
    }
}
