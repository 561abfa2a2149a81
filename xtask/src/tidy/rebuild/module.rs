use std::collections::{BTreeMap, BTreeSet};

use super::paths::{self, Mention};
use crate::tidy::tokens::{Token, TokenKind, tokenize};

/// A module's place in its crate: the parts of its path, none for the root.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ModuleName(Vec<String>);

impl ModuleName {
    pub(super) fn root() -> Self {
        Self(Vec::new())
    }

    /// The module that a file under `src/` holds. `None` for tests and for the root of a binary: neither is
    /// part of what the library runs.
    pub(super) fn of_file(relative: &str) -> Option<Self> {
        let mut parts: Vec<String> = relative.trim_end_matches(".rs").split('/').map(str::to_owned).collect();
        if parts.iter().any(|part| part == "tests") || matches!(relative, "main.rs") {
            return None;
        }
        if parts.last().is_some_and(|last| last == "mod") || relative == "lib.rs" {
            parts.pop();
        }
        Some(Self(parts))
    }

    pub(super) fn child(&self, name: &str) -> Self {
        let mut parts = self.0.clone();
        parts.push(name.to_owned());
        Self(parts)
    }

    pub(super) fn is_under(&self, top: &str) -> bool {
        self.0.first().is_some_and(|first| first == top)
    }

    pub(super) fn parts(&self) -> &[String] {
        &self.0
    }
}

impl std::fmt::Display for ModuleName {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.0.is_empty() {
            return formatter.write_str("the crate root");
        }
        formatter.write_str(&self.0.join("::"))
    }
}

/// What the check needs to know of a module.
#[derive(Debug, Default)]
pub(super) struct Module {
    pub(super) file: String,
    /// Paths of this crate that the module names, absolute.
    pub(super) mentions: Vec<Mention>,
    /// Names that others can reach through this module, with the absolute path behind each.
    pub(super) re_exports: BTreeMap<String, Vec<String>>,
    pub(super) re_exported_globs: Vec<Vec<String>>,
    /// Names of structs, enums and traits declared here.
    pub(super) types: BTreeSet<String>,
    /// Functions in inherent `impl` blocks, each with the type.
    pub(super) methods: Vec<(String, String)>,
    /// Names that are called, as methods or through a path, each with a line.
    pub(super) calls: BTreeMap<String, usize>,
}

/// Reads a file's module, and the modules written inside it in braces.
pub(super) fn read_into(
    modules: &mut BTreeMap<ModuleName, Module>,
    name: ModuleName,
    file: &str,
    text: &str,
) {
    read_tokens(modules, name, file, &tokenize(text));
}

fn read_tokens(modules: &mut BTreeMap<ModuleName, Module>, name: ModuleName, file: &str, tokens: &[Token]) {
    let mut own = Vec::with_capacity(tokens.len());
    let mut children = BTreeSet::new();
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        let child = match token.kind.word() {
            Some("mod") => tokens.get(at + 1).and_then(|next| next.kind.word()),
            _ => None,
        };
        let opens = tokens.get(at + 2).is_some_and(|after| after.kind == TokenKind::Mark('{'));
        match child {
            Some(child) if opens => {
                let end = closing_brace(tokens, at + 2);
                if child != "tests" {
                    children.insert(child.to_owned());
                    let inside = tokens.get(at + 3..end).unwrap_or_default();
                    read_tokens(modules, name.child(child), file, inside);
                }
                at = end + 1;
            }
            Some(child) => {
                children.insert(child.to_owned());
                at += 3;
            }
            None => {
                own.push(token.clone());
                at += 1;
            }
        }
    }
    let mut module = Module { file: file.to_owned(), ..Module::default() };
    paths::read(&mut module, &name, &children, &own);
    read_items(&mut module, &own);
    modules.insert(name, module);
}

/// The index of the brace that closes the one at `open`, or the end.
pub(super) fn closing_brace(tokens: &[Token], open: usize) -> usize {
    let mut depth = 0_usize;
    for (index, token) in tokens.iter().enumerate().skip(open) {
        match token.kind {
            TokenKind::Mark('{') => depth += 1,
            TokenKind::Mark('}') => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return index;
                }
            }
            _ => {}
        }
    }
    tokens.len()
}

fn read_items(module: &mut Module, tokens: &[Token]) {
    for (index, token) in tokens.iter().enumerate() {
        let Some(word) = token.kind.word() else { continue };
        let next = tokens.get(index + 1).map(|token| &token.kind);
        match (word, next) {
            ("struct" | "enum" | "trait" | "union", Some(TokenKind::Word(declared))) => {
                module.types.insert(declared.clone());
            }
            ("impl", _) => read_impl(module, tokens, index),
            (called, Some(TokenKind::Mark('('))) if is_call(tokens, index) => {
                module.calls.entry(called.to_owned()).or_insert(token.line);
            }
            _ => {}
        }
    }
}

fn is_call(tokens: &[Token], index: usize) -> bool {
    let before = index.checked_sub(1).and_then(|before| tokens.get(before)).map(|token| &token.kind);
    matches!(before, Some(TokenKind::Mark('.') | TokenKind::PathSeparator))
}

/// Notes the functions of an `impl` block that implements no trait. An `impl` that opens no block before the
/// next `;`, `)` or `=` is a type, as in `-> impl Iterator`.
fn read_impl(module: &mut Module, tokens: &[Token], start: usize) {
    let mut target: Option<&str> = None;
    let mut angle_depth = 0_i32;
    for (index, token) in tokens.iter().enumerate().skip(start + 1) {
        match &token.kind {
            TokenKind::Mark('<') => angle_depth += 1,
            TokenKind::Mark('>') => angle_depth -= 1,
            TokenKind::Mark(';' | ')' | '=' | ',') if angle_depth <= 0 => return,
            TokenKind::Word(word) if word == "for" && angle_depth <= 0 => return,
            TokenKind::Word(word) if word == "where" => angle_depth = i32::MAX / 2,
            TokenKind::Word(word) if angle_depth <= 0 => target = Some(word),
            TokenKind::Mark('{') => {
                let end = closing_brace(tokens, index);
                let body = tokens.get(index..end).unwrap_or_default();
                if let Some(target) = target {
                    note_methods(module, body, target);
                }
                return;
            }
            _ => {}
        }
    }
}

fn note_methods(module: &mut Module, body: &[Token], target: &str) {
    for pair in body.windows(2) {
        if let [first, second] = pair
            && first.kind.word() == Some("fn")
            && let Some(method) = second.kind.word()
        {
            module.methods.push((method.to_owned(), target.to_owned()));
        }
    }
}
