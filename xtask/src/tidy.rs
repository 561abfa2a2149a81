//! `tidy` checks what neither the compiler nor clippy can: which crate may use which, how large a file may
//! be, what a module may be called, and that a rebuild shares nothing with the incremental apply.

mod edges;
mod rebuild;
mod source;
mod tokens;
mod tree;

#[cfg(test)]
mod tests;

use std::path::Path;

use anyhow::Result;

use self::tree::SourceTree;

/// One thing that is wrong, where, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Problem {
    pub(crate) severity: Severity,
    /// The file, relative to the workspace root.
    pub(crate) file: String,
    pub(crate) line: Option<usize>,
    pub(crate) message: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Severity {
    Error,
    Warning,
}

impl Problem {
    fn error(file: impl Into<String>, line: Option<usize>, message: impl Into<String>) -> Self {
        Self { severity: Severity::Error, file: file.into(), line, message: message.into() }
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let severity = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        match self.line {
            Some(line) => write!(formatter, "{severity}: {}:{line}: {}", self.file, self.message),
            None => write!(formatter, "{severity}: {}: {}", self.file, self.message),
        }
    }
}

/// Checks the tree under `root`, prints each problem, and says whether the tree passes. Warnings pass.
pub(crate) fn run(root: &Path) -> Result<bool> {
    let tree = SourceTree::read(root)?;
    let mut problems = source::check(&tree, &source::MachinePaths::new(root)?);
    problems.extend(source::check_crates(&tree));
    problems.extend(rebuild::check(&tree));
    problems.extend(edges::check(&edges::read_packages(root)?));
    problems.sort();

    for problem in &problems {
        println!("{problem}");
    }
    let errors = problems.iter().filter(|problem| problem.severity == Severity::Error).count();
    let warnings = problems.len() - errors;
    println!("tidy: {} files, {errors} errors, {warnings} warnings", tree.files.len());
    Ok(errors == 0)
}
