//! What one file may hold, be called and weigh.

use std::path::Path;

use anyhow::{Context, Result};
use regex::Regex;

use super::tokens::{Token, TokenKind, tokenize};
use super::tree::{SourceFile, SourceTree};
use super::{Problem, Severity};

const LINES_MAX: usize = 600;
const LINES_WARN: usize = 500;
const FILE_SIZE_BYTES_MAX: u64 = 2 * 1024 * 1024;

const CODE_EXTENSIONS: &[&str] = &["rs", "ts", "tsx", "js", "mjs", "cjs", "py", "sh"];

/// Names that say nothing of what is inside, so that anything ends up there.
const NAMES_FORBIDDEN: &[&str] = &["util", "utils", "common", "helper", "helpers", "misc"];

/// Folders at the root of a file system that every machine may have, and documentation may name.
const ROOT_FOLDERS_EVERYWHERE: &[&str] = &[
    "app", "bin", "boot", "data", "dev", "etc", "lib", "mnt", "opt", "proc", "run", "srv", "sys", "tmp",
    "usr", "var",
];

/// Finds absolute paths that exist on one machine only: in somebody's home, or where this checkout happens to
/// be. They count where a path can begin, so that a URL's `/home/` in the middle does not.
#[derive(Debug)]
pub(super) struct MachinePaths {
    pattern: Regex,
}

impl MachinePaths {
    pub(super) fn new(root: &Path) -> Result<Self> {
        let mut folders = vec!["home".to_owned(), "Users".to_owned(), "root".to_owned()];
        let first = root.components().nth(1).map(|first| first.as_os_str().to_string_lossy().into_owned());
        folders.extend(first.filter(|first| !ROOT_FOLDERS_EVERYWHERE.contains(&first.as_str())));
        let folders: Vec<String> = folders.iter().map(|folder| regex::escape(folder)).collect();
        let pattern =
            format!(r#"(?:^|[\s"'`=(:,])(/(?:{})/[A-Za-z0-9_.-]+|[A-Z]:\\Users\\)"#, folders.join("|"));
        Ok(Self { pattern: Regex::new(&pattern).context("cannot compile the pattern of machine paths")? })
    }
}

pub(super) fn check(tree: &SourceTree, machine_paths: &MachinePaths) -> Vec<Problem> {
    let mut problems = Vec::new();
    for file in &tree.files {
        check_size(file, &mut problems);
        if file.path.starts_with("data/") {
            continue;
        }
        check_machine_paths(file, machine_paths, &mut problems);
        if is_code(file) {
            check_names(file, &mut problems);
            check_lines(file, &mut problems);
        }
        if file.extension() == "rs" {
            check_rust(file, &mut problems);
        }
        if file.name() == "Cargo.toml" {
            check_manifest(file, &mut problems);
        }
    }
    problems
}

/// Rust that no crate compiles: nothing checks it, and it is most often a copy that came in by mistake.
pub(super) fn check_crates(tree: &SourceTree) -> Vec<Problem> {
    let manifests = tree.files.iter().filter_map(|file| file.path.strip_suffix("Cargo.toml"));
    let crates: Vec<&str> = manifests.filter(|folder| !folder.is_empty()).collect();
    let is_orphan = |file: &&SourceFile| {
        file.extension() == "rs" && !crates.iter().any(|folder| file.path.starts_with(folder))
    };
    let message = "no crate compiles this file; put it into one, or take it out";
    tree.files.iter().filter(is_orphan).map(|file| Problem::error(&file.path, None, message)).collect()
}

fn is_code(file: &SourceFile) -> bool {
    CODE_EXTENSIONS.contains(&file.extension())
}

fn check_size(file: &SourceFile, problems: &mut Vec<Problem>) {
    if file.size_bytes > FILE_SIZE_BYTES_MAX && !file.path.starts_with("data/") {
        problems.push(Problem::error(
            &file.path,
            None,
            format!(
                "{} bytes, over {FILE_SIZE_BYTES_MAX}; keep data under data/ with its provenance, or let a script make it",
                file.size_bytes
            ),
        ));
    }
}

fn check_lines(file: &SourceFile, problems: &mut Vec<Problem>) {
    let lines = file.text.as_deref().map_or(0, |text| text.lines().count());
    let severity = match lines {
        _ if lines > LINES_MAX => Severity::Error,
        _ if lines > LINES_WARN => Severity::Warning,
        _ => return,
    };
    problems.push(Problem {
        severity,
        file: file.path.clone(),
        line: None,
        message: format!("{lines} lines, over {LINES_WARN}; a file is one idea: split it"),
    });
}

fn check_names(file: &SourceFile, problems: &mut Vec<Problem>) {
    for part in file.path.split('/') {
        let stem = part.split_once('.').map_or(part, |(stem, _)| stem);
        if NAMES_FORBIDDEN.contains(&stem) {
            problems.push(Problem::error(&file.path, None, name_message(stem)));
        }
    }
}

fn name_message(name: &str) -> String {
    format!("`{name}` says nothing of what is inside; name the module for the one idea that it holds")
}

fn check_machine_paths(file: &SourceFile, machine_paths: &MachinePaths, problems: &mut Vec<Problem>) {
    let Some(text) = &file.text else { return };
    for (index, line) in text.lines().enumerate() {
        for found in machine_paths.pattern.captures_iter(line).filter_map(|captures| captures.get(1)) {
            problems.push(Problem::error(
                &file.path,
                Some(index + 1),
                format!(
                    "`{}` exists on one machine only; use a path relative to the workspace, or an environment variable",
                    found.as_str()
                ),
            ));
        }
    }
}

fn check_rust(file: &SourceFile, problems: &mut Vec<Problem>) {
    let Some(text) = &file.text else { return };
    if file.path.ends_with("/src/lib.rs") && !text.trim_start().starts_with("//!") {
        problems.push(Problem::error(
            &file.path,
            Some(1),
            "no opening `//!`; begin with the crate's purpose and what it must not know",
        ));
    }
    let tokens = tokenize(text);
    for (index, token) in tokens.iter().enumerate() {
        let next = |ahead: usize| tokens.get(index + ahead).map(|token| &token.kind);
        if is_ignore_attribute(token, &next) {
            problems.push(Problem::error(
                &file.path,
                Some(token.line),
                "an ignored test tests nothing; make it pass, or remove it",
            ));
        }
        if let TokenKind::Word(word) = &token.kind {
            if matches!(word.as_str(), "todo" | "unimplemented") && next(1) == Some(&TokenKind::Mark('!')) {
                problems.push(Problem::error(
                    &file.path,
                    Some(token.line),
                    format!("`{word}!` is unfinished work; finish it, or return an error that says so"),
                ));
            }
            if let ("mod", Some(TokenKind::Word(name)), Some(TokenKind::Mark('{'))) =
                (word.as_str(), next(1), next(2))
                && NAMES_FORBIDDEN.contains(&name.as_str())
            {
                problems.push(Problem::error(&file.path, Some(token.line), name_message(name)));
            }
        }
    }
}

/// `#[ignore]`, `#[ignore = "..."]` and `#[cfg_attr(..., ignore)]`.
fn is_ignore_attribute<'a>(token: &Token, next: &impl Fn(usize) -> Option<&'a TokenKind>) -> bool {
    if token.kind != TokenKind::Mark('#') || next(1) != Some(&TokenKind::Mark('[')) {
        return false;
    }
    let is_word =
        |ahead: usize, text: &str| matches!(next(ahead), Some(TokenKind::Word(word)) if word == text);
    if is_word(2, "ignore") {
        return true;
    }
    is_word(2, "cfg_attr")
        && (3..)
            .take_while(|ahead| next(*ahead).is_some_and(|kind| *kind != TokenKind::Mark(']')))
            .any(|ahead| is_word(ahead, "ignore"))
}

fn check_manifest(file: &SourceFile, problems: &mut Vec<Problem>) {
    let Some(text) = &file.text else { return };
    let is_package = text.lines().any(|line| line.trim() == "[package]");
    let mut lines = text.lines().map(str::trim);
    let has_lints = lines.any(|line| line == "[lints]") && lines.next() == Some("workspace = true");
    if is_package && !has_lints {
        problems.push(Problem::error(
            &file.path,
            None,
            "the workspace's lints do not apply here; add `[lints]` with `workspace = true`",
        ));
    }
}
