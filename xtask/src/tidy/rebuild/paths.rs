use std::collections::BTreeSet;

use super::module::{Module, ModuleName};
use crate::tidy::tokens::{Token, TokenKind};

/// A path of this crate, absolute, that a module names. Its last part may be `*`.
#[derive(Debug, Clone)]
pub(super) struct Mention {
    pub(super) path: Vec<String>,
    pub(super) line: usize,
}

/// Notes every path that the tokens name, and what `use` makes reachable through the module.
///
/// A `pub use` is a way through, not a use of its own: whoever names what it exports is charged with it.
/// Without that, everything that the crate's root exports would count as used by whoever names the root.
pub(super) fn read(module: &mut Module, own: &ModuleName, children: &BTreeSet<String>, tokens: &[Token]) {
    let mut at = 0;
    let mut is_public = false;
    while let Some(token) = tokens.get(at) {
        match token.kind.word() {
            Some("use") => {
                let end = tokens
                    .iter()
                    .skip(at)
                    .position(|token| token.kind == TokenKind::Mark(';'))
                    .map_or(tokens.len(), |length| at + length);
                let mut leaves = Vec::new();
                let mut reader = TreeReader { tokens: tokens.get(..end).unwrap_or_default(), at: at + 1 };
                reader.read(&Vec::new(), &mut leaves);
                for leaf in leaves {
                    note_use(module, own, children, leaf, is_public);
                }
                at = end;
            }
            Some("pub") => {
                is_public = true;
                at += 1;
                if tokens.get(at).is_some_and(|token| token.kind == TokenKind::Mark('(')) {
                    at += tokens
                        .iter()
                        .skip(at)
                        .position(|token| token.kind == TokenKind::Mark(')'))
                        .map_or(1, |length| length + 1);
                }
                continue;
            }
            Some(_) if starts_a_path(tokens, at) => {
                let mut parts = vec![];
                let line = token.line;
                at = read_plain_path(tokens, at, &mut parts);
                if let Some(path) = absolute(own, children, &parts) {
                    module.mentions.push(Mention { path, line });
                }
                is_public = false;
                continue;
            }
            _ => {}
        }
        is_public = false;
        at += 1;
    }
}

fn starts_a_path(tokens: &[Token], at: usize) -> bool {
    let before = at.checked_sub(1).and_then(|before| tokens.get(before)).map(|token| &token.kind);
    let after = tokens.get(at + 1).map(|token| &token.kind);
    before != Some(&TokenKind::PathSeparator) && after == Some(&TokenKind::PathSeparator)
}

/// Reads `a::b::c` into its parts and returns the index after it.
fn read_plain_path(tokens: &[Token], start: usize, parts: &mut Vec<String>) -> usize {
    let mut at = start;
    while let Some(word) = tokens.get(at).and_then(|token| token.kind.word()) {
        parts.push(word.to_owned());
        at += 1;
        if tokens.get(at).map(|token| &token.kind) != Some(&TokenKind::PathSeparator) {
            break;
        }
        at += 1;
    }
    at
}

/// One name that a `use` brings in.
struct Leaf {
    path: Vec<String>,
    known_as: String,
    line: usize,
}

struct TreeReader<'tokens> {
    tokens: &'tokens [Token],
    at: usize,
}

impl TreeReader<'_> {
    fn peek(&self) -> Option<&TokenKind> {
        self.tokens.get(self.at).map(|token| &token.kind)
    }

    /// Reads one branch of a use tree: `a::b`, `a::{b, c as d}`, `a::*`.
    fn read(&mut self, prefix: &[String], leaves: &mut Vec<Leaf>) {
        let mut path = prefix.to_vec();
        let line = self.tokens.get(self.at).map_or(0, |token| token.line);
        while let Some(kind) = self.peek().cloned() {
            match kind {
                TokenKind::PathSeparator => self.at += 1,
                TokenKind::Mark('{') => {
                    self.at += 1;
                    return self.read_group(&path, leaves);
                }
                TokenKind::Mark('*') => {
                    self.at += 1;
                    path.push("*".to_owned());
                }
                TokenKind::Word(word) if word == "as" => {
                    self.at += 1;
                    let known_as = self.peek().and_then(TokenKind::word).unwrap_or("_").to_owned();
                    self.at += 1;
                    leaves.push(Leaf { path, known_as, line });
                    return;
                }
                TokenKind::Word(word) => {
                    self.at += 1;
                    path.push(word);
                }
                TokenKind::Mark(_) => break,
            }
        }
        // `a::{self}` names `a` itself.
        if path.len() > 1 && path.last().is_some_and(|last| last == "self") {
            path.pop();
        }
        let known_as = path.last().cloned().unwrap_or_default();
        leaves.push(Leaf { path, known_as, line });
    }

    fn read_group(&mut self, prefix: &[String], leaves: &mut Vec<Leaf>) {
        while let Some(kind) = self.peek() {
            match kind {
                TokenKind::Mark('}') => {
                    self.at += 1;
                    return;
                }
                TokenKind::Mark(',') => self.at += 1,
                _ => {
                    let before = self.at;
                    self.read(prefix, leaves);
                    // A token that no branch takes would otherwise be looked at forever.
                    if self.at == before {
                        self.at += 1;
                    }
                }
            }
        }
    }
}

fn note_use(module: &mut Module, own: &ModuleName, children: &BTreeSet<String>, leaf: Leaf, is_public: bool) {
    let Some(path) = absolute(own, children, &leaf.path) else { return };
    if leaf.known_as == "*" {
        if is_public {
            let target = path.get(..path.len().saturating_sub(1)).unwrap_or_default().to_vec();
            module.re_exported_globs.push(target);
        } else {
            module.mentions.push(Mention { path, line: leaf.line });
        }
        return;
    }
    if !is_public {
        module.mentions.push(Mention { path: path.clone(), line: leaf.line });
    }
    // A private `use` too: a child sees its parent's imports through `super::`.
    module.re_exports.insert(leaf.known_as, path);
}

/// The path from the crate's root, or `None` when it leads out of this crate.
fn absolute(own: &ModuleName, children: &BTreeSet<String>, parts: &[String]) -> Option<Vec<String>> {
    let first = parts.first()?;
    let mut base: Vec<String> = own.parts().to_vec();
    let mut rest = parts;
    match first.as_str() {
        "crate" => {
            base.clear();
            rest = rest.get(1..)?;
        }
        "self" => rest = rest.get(1..)?,
        "super" => {}
        name if children.contains(name) => {}
        _ => return None,
    }
    while rest.first().is_some_and(|part| part == "super") {
        base.pop()?;
        rest = rest.get(1..)?;
    }
    base.extend(rest.iter().cloned());
    Some(base)
}
