//! Text to tokens. Every token knows its bytes; what is no token is a problem, and reading goes on.

use crate::problem::{Code, Problem, TextSpan};

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Kind<'a> {
    /// Quoted text, its escapes read.
    Text(String),
    /// A keyword, a name or a path: `did`, `country`, `products[].category`.
    Word(&'a str),
    Number(&'a str),
    /// A bare date, with or without time and offset.
    Moment(&'a str),
    Operator(Operator),
    /// Signs that other languages have and this one has not: `&&`, `=>`.
    Symbol(&'a str),
    Open,
    Close,
    Comma,
    End,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operator {
    Equal,
    NotEqual,
    Less,
    AtMost,
    More,
    AtLeast,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Token<'a> {
    pub(crate) kind: Kind<'a>,
    pub(crate) span: TextSpan,
}

/// The tokens of a text, the last one always [`Kind::End`].
pub(crate) fn tokens(text: &str) -> (Vec<Token<'_>>, Vec<Problem>) {
    let mut lexer = Lexer { text, at: 0, problems: Vec::new() };
    let mut tokens = Vec::new();
    loop {
        lexer.skip_while(char::is_whitespace);
        let start = lexer.at;
        let Some(first) = lexer.peek() else { break };
        if let Some(kind) = lexer.token(first) {
            tokens.push(Token { kind, span: (start, lexer.at) });
        }
    }
    tokens.push(Token { kind: Kind::End, span: (text.len(), text.len()) });
    (tokens, lexer.problems)
}

/// Whether a name reads back as one word when written without quotes.
pub(crate) fn is_word(name: &str) -> bool {
    let mut lexer = Lexer { text: name, at: 0, problems: Vec::new() };
    lexer.peek().is_some_and(starts_word) && lexer.word() == name
}

struct Lexer<'a> {
    text: &'a str,
    at: usize,
    problems: Vec<Problem>,
}

fn starts_word(character: char) -> bool {
    character.is_alphabetic() || matches!(character, '_' | '$')
}

fn continues_word(character: char) -> bool {
    character.is_alphanumeric() || matches!(character, '_' | '$' | '-')
}

impl<'a> Lexer<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn bump(&mut self) -> Option<char> {
        let character = self.peek()?;
        self.at += character.len_utf8();
        Some(character)
    }

    fn skip_while(&mut self, holds: impl Fn(char) -> bool) {
        while self.peek().is_some_and(&holds) {
            self.bump();
        }
    }

    fn since(&self, start: usize) -> &'a str {
        self.text.get(start..self.at).unwrap_or_default()
    }

    fn token(&mut self, first: char) -> Option<Kind<'a>> {
        match first {
            '(' => self.single(Kind::Open),
            ')' => self.single(Kind::Close),
            ',' => self.single(Kind::Comma),
            '"' | '\'' => self.quoted(first),
            '\u{201c}' | '\u{201d}' | '\u{201e}' => self.quoted('\u{201d}'),
            '*' => self.single(Kind::Symbol("*")),
            '%' => self.single(Kind::Symbol("%")),
            '=' | '!' | '<' | '>' | '&' | '|' | '\u{2265}' | '\u{2264}' | '\u{2260}' => Some(self.operator()),
            _ if starts_word(first) => Some(Kind::Word(self.word())),
            _ => match self.number_or_moment() {
                Some(kind) => Some(kind),
                None => {
                    self.stray(first);
                    None
                }
            },
        }
    }

    fn single(&mut self, kind: Kind<'a>) -> Option<Kind<'a>> {
        self.bump();
        Some(kind)
    }

    fn stray(&mut self, character: char) {
        let start = self.at;
        self.bump();
        let problem = Problem::error(
            Code::UnexpectedCharacter,
            format!("`{}` has no meaning here", character.escape_debug()),
        );
        let problem = problem.span((start, self.at));
        self.problems.push(match character {
            ';' => problem.suggestion("a rule is one line; join conditions with `and` or `or`"),
            '[' | ']' | '{' | '}' => problem.suggestion("group with `(` and `)`"),
            _ => problem.suggestion("put names and values that hold special characters in double quotes"),
        });
    }

    fn operator(&mut self) -> Kind<'a> {
        let start = self.at;
        self.skip_while(|c| "=!<>&|\u{2265}\u{2264}\u{2260}".contains(c));
        let operator = match self.since(start) {
            "=" | "==" => Operator::Equal,
            "!=" | "<>" | "\u{2260}" => Operator::NotEqual,
            "<" => Operator::Less,
            "<=" | "\u{2264}" => Operator::AtMost,
            ">" => Operator::More,
            ">=" | "\u{2265}" => Operator::AtLeast,
            other => return Kind::Symbol(other),
        };
        Kind::Operator(operator)
    }

    fn word(&mut self) -> &'a str {
        let start = self.at;
        loop {
            self.skip_while(continues_word);
            if self.rest().starts_with("[]") {
                self.at += 2;
            }
            let mut after = self.rest().chars();
            let dotted = after.next() == Some('.') && after.next().is_some_and(continues_word);
            if !dotted {
                return self.since(start);
            }
            self.bump();
        }
    }

    fn number_or_moment(&mut self) -> Option<Kind<'a>> {
        let start = self.at;
        if let Some(length) = moment_length(self.rest()) {
            self.at += length;
            return Some(Kind::Moment(self.since(start)));
        }
        let length = number_length(self.rest())?;
        self.at += length;
        Some(Kind::Number(self.since(start)))
    }

    fn quoted(&mut self, close: char) -> Option<Kind<'a>> {
        let start = self.at;
        self.bump();
        let mut text = String::new();
        loop {
            let at = self.at;
            match self.bump() {
                None => break,
                Some('\\') => {
                    if let Some(character) = self.escape(at) {
                        text.push(character);
                    }
                }
                Some(character) if closes(character, close) => return Some(Kind::Text(text)),
                Some(character) => text.push(character),
            }
        }
        self.problems.push(
            Problem::error(Code::UnclosedText, "this text has no closing quote")
                .span((start, self.text.len()))
                .suggestion("end it with `\"`; a quote inside a text is written `\\\"`"),
        );
        Some(Kind::Text(text))
    }

    /// The character that an escape stands for; the backslash at `start` is read already.
    fn escape(&mut self, start: usize) -> Option<char> {
        match self.bump() {
            Some('n') => return Some('\n'),
            Some('t') => return Some('\t'),
            Some(quote @ ('"' | '\\' | '\'')) => return Some(quote),
            Some('u') if self.peek() == Some('{') => {
                let close = self.rest().find('}').filter(|close| *close <= 7);
                let digits = close.and_then(|close| self.rest().get(1..close));
                let character = digits.and_then(|d| u32::from_str_radix(d, 16).ok()).and_then(char::from_u32);
                if let (Some(close), Some(character)) = (close, character) {
                    self.at += close + 1;
                    return Some(character);
                }
            }
            // A text that ends here is reported as unclosed.
            None => return None,
            Some(_) => {}
        }
        let written = self.since(start);
        self.problems.push(
            Problem::error(Code::BadEscape, format!("`{written}` is not an escape"))
                .span((start, self.at))
                .expected("`\\\"`, `\\\\`, `\\n`, `\\t` or `\\u{1f600}`")
                .suggestion(format!("for a backslash itself write `\\{written}`")),
        );
        None
    }
}

fn closes(character: char, close: char) -> bool {
    character == close || (close == '\u{201d}' && character == '\u{201c}')
}

fn digits(bytes: &[u8]) -> usize {
    bytes.iter().take_while(|byte| byte.is_ascii_digit()).count()
}

/// The length of the number at the start: `12`, `-3.5`, `.5`, `1e3`.
fn number_length(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = usize::from(matches!(bytes.first(), Some(b'-' | b'+')));
    let after = |at: usize| bytes.get(at..).unwrap_or_default();
    let whole = digits(after(at));
    at += whole;
    if after(at).first() == Some(&b'.') {
        let fraction = digits(after(at + 1));
        if fraction > 0 {
            at += 1 + fraction;
        } else if whole == 0 {
            return None;
        }
    } else if whole == 0 {
        return None;
    }
    if matches!(after(at).first(), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(after(at + 1).first(), Some(b'-' | b'+')));
        let exponent = digits(after(at + 1 + sign));
        if exponent > 0 {
            at += 1 + sign + exponent;
        }
    }
    Some(at)
}

/// The length of the date at the start, with its time and offset; whether it is a real one is seen later.
fn moment_length(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let shape = bytes.get(..10)?;
    let is_date = shape.iter().enumerate().all(|(at, byte)| match at {
        4 | 7 => *byte == b'-',
        _ => byte.is_ascii_digit(),
    });
    if !is_date {
        return None;
    }
    let time = match bytes.get(10..12) {
        Some([b'T' | b't', digit]) if digit.is_ascii_digit() => bytes.get(11..).unwrap_or_default(),
        _ => return Some(10),
    };
    let clock = time.iter().take_while(|byte| byte.is_ascii_digit() || matches!(byte, b':' | b'.')).count();
    let offset = match time.get(clock) {
        Some(b'Z' | b'z') => 1,
        Some(b'+' | b'-') => {
            let rest = time.get(clock + 1..).unwrap_or_default();
            1 + rest.iter().take_while(|byte| byte.is_ascii_digit() || **byte == b':').count()
        }
        _ => 0,
    };
    Some(11 + clock + offset)
}
