use std::borrow::Cow;

use icu_casemap::{CaseMapper, CaseMapperBorrowed};

const MAPPER: CaseMapperBorrowed<'static> = CaseMapper::new();

/// Text with Unicode simple case folding applied, character by character: what rules compare by default.
#[must_use]
pub fn fold_case(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return Cow::Owned(text.to_ascii_lowercase());
        }
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().map(|character| MAPPER.simple_fold(character)).collect())
}

/// Whether two texts are equal once case is folded.
#[must_use]
pub fn same_text(left: &str, right: &str) -> bool {
    if left.is_ascii() && right.is_ascii() {
        return left.eq_ignore_ascii_case(right);
    }
    fold_case(left) == fold_case(right)
}

/// One character with simple case folding applied, for comparisons that need no folded copy of a text.
#[must_use]
pub fn fold_character(character: char) -> char {
    if character.is_ascii() { character.to_ascii_lowercase() } else { MAPPER.simple_fold(character) }
}
