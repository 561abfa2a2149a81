//! The query's text as a tree of chains of calls.

use segops_model::Decimal;

/// How deep parentheses, `NOT` and calls within calls may go.
const DEPTH_MAX: usize = 32;
const TEXT_BYTES_MAX: usize = 64 * 1024;

/// Where something is wrong, in characters, and what.
pub(super) type SyntaxError = (usize, String);

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Expression {
    And(Vec<Expression>),
    Or(Vec<Expression>),
    Not(Box<Expression>),
    /// `ANY` or `ALL`: of accounts.
    Accounts(String),
    /// Calls one after the other; a sign and what follows it is the last of them.
    Chain(Vec<Call>),
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Call {
    pub(super) name: String,
    pub(super) arguments: Vec<Argument>,
    at: usize,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Argument {
    Text(String),
    Number(Decimal),
    Bool(bool),
    /// `7 days`.
    Duration(u32, String),
    /// With the type after `as`, if there is one.
    Expression(Expression, Option<String>),
    /// Whatever is said relative to the event outside.
    OfParent,
}

impl Call {
    pub(super) fn place(&self) -> String {
        format!("character {}", self.at)
    }

    /// The call's first argument as text.
    pub(super) fn text(&self) -> Option<&str> {
        match self.arguments.first()? {
            Argument::Text(text) => Some(text),
            _ => None,
        }
    }
}

#[derive(Debug, Clone, PartialEq)]
enum Kind {
    Word(String),
    Text(String),
    Number(String),
    Sign(&'static str),
    End,
}

/// Reads a whole query.
pub(super) fn parse(text: &str) -> Result<Expression, SyntaxError> {
    if text.len() > TEXT_BYTES_MAX {
        return Err((0, format!("the query has {} bytes; the limit is {TEXT_BYTES_MAX}", text.len())));
    }
    let mut parser = Parser { tokens: tokens(text)?, at: 0, depth: 0 };
    let expression = parser.any_of()?;
    match parser.peek() {
        (Kind::End, _) => Ok(expression),
        (other, place) => Err((*place, format!("{} stands after the query's end", shown(other)))),
    }
}

struct Parser {
    tokens: Vec<(Kind, usize)>,
    at: usize,
    depth: usize,
}

impl Parser {
    fn any_of(&mut self) -> Result<Expression, SyntaxError> {
        let mut parts = vec![self.all_of()?];
        while self.eat_word("OR") {
            parts.push(self.all_of()?);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { Expression::Or(parts) })
    }

    fn all_of(&mut self) -> Result<Expression, SyntaxError> {
        let mut parts = vec![self.one()?];
        while self.eat_word("AND") {
            parts.push(self.one()?);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { Expression::And(parts) })
    }

    fn one(&mut self) -> Result<Expression, SyntaxError> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err((self.peek().1, format!("the query is more than {DEPTH_MAX} levels deep")));
        }
        let read = self.one_within();
        self.depth -= 1;
        read
    }

    fn one_within(&mut self) -> Result<Expression, SyntaxError> {
        if self.eat_word("NOT") {
            return Ok(Expression::Not(Box::new(self.one()?)));
        }
        for word in ["ANY", "ALL"] {
            if self.eat_word(word) {
                self.one()?;
                return Ok(Expression::Accounts(word.to_owned()));
            }
        }
        if self.eat("(") {
            let inner = self.any_of()?;
            self.expect(")")?;
            return Ok(inner);
        }
        self.chain()
    }

    fn chain(&mut self) -> Result<Expression, SyntaxError> {
        let mut calls = vec![self.call()?];
        while self.eat(".") {
            calls.push(self.call()?);
        }
        for sign in ["==", "=", "!=", ">=", "<=", ">", "<"] {
            let at = self.peek().1;
            if self.eat(sign) {
                let argument = self.operand()?;
                calls.push(Call { name: sign.to_owned(), arguments: vec![argument], at });
                break;
            }
        }
        Ok(Expression::Chain(calls))
    }

    /// What stands after a sign: a value, or one call; `AND` after it belongs to what is outside.
    fn operand(&mut self) -> Result<Argument, SyntaxError> {
        let is_value = |word: &str| ["true", "false", "literal"].contains(&word.to_lowercase().as_str());
        match self.peek() {
            (Kind::Word(word), _) if !is_value(word) => {
                Ok(Argument::Expression(Expression::Chain(vec![self.call()?]), None))
            }
            _ => self.argument(),
        }
    }

    fn call(&mut self) -> Result<Call, SyntaxError> {
        let (kind, at) = self.next();
        let Kind::Word(name) = kind else {
            return Err((at, format!("{} stands where a function is expected", shown(&kind))));
        };
        self.expect("(")?;
        let mut arguments = Vec::new();
        // `event(Shoes Bought)`: a name without quotes.
        if ["event", "trait", "property", "context"].contains(&name.as_str())
            && let (Kind::Word(_), _) = self.peek()
            && !matches!(self.tokens.get(self.at + 1), Some((Kind::Sign("(" | ":"), _)))
        {
            arguments.push(Argument::Text(self.bare_name()));
        }
        while !self.eat(")") {
            if !arguments.is_empty() {
                self.expect(",")?;
            }
            arguments.push(self.argument()?);
        }
        Ok(Call { name, arguments, at })
    }

    fn bare_name(&mut self) -> String {
        let mut words = Vec::new();
        while let (Kind::Word(word) | Kind::Number(word), _) = self.peek() {
            words.push(word.clone());
            self.at += 1;
        }
        words.join(" ")
    }

    fn argument(&mut self) -> Result<Argument, SyntaxError> {
        self.eat("{");
        let read = self.argument_within();
        self.eat("}");
        read
    }

    fn argument_within(&mut self) -> Result<Argument, SyntaxError> {
        if let (Kind::Word(label), _) = self.peek()
            && matches!(self.tokens.get(self.at + 1), Some((Kind::Sign(":"), _)))
        {
            let is_parent = label.eq_ignore_ascii_case("parent");
            self.at += 2;
            let inner = self.argument()?;
            return Ok(if is_parent { Argument::OfParent } else { inner });
        }
        match self.peek().clone() {
            (Kind::Text(text), _) => {
                self.at += 1;
                Ok(Argument::Text(text))
            }
            (Kind::Number(number), place) => {
                self.at += 1;
                let unit = match self.peek() {
                    (Kind::Word(word), _) if is_unit(word) => Some(word.to_lowercase()),
                    _ => None,
                };
                if let Some(unit) = unit {
                    self.at += 1;
                    let count =
                        number.parse().map_err(|_| (place, format!("{number} is no whole number")))?;
                    return Ok(Argument::Duration(count, unit));
                }
                Decimal::parse(&number)
                    .map(Argument::Number)
                    .ok_or_else(|| (place, format!("{number} is no number")))
            }
            (Kind::Word(word), _)
                if word.eq_ignore_ascii_case("true") || word.eq_ignore_ascii_case("false") =>
            {
                self.at += 1;
                Ok(Argument::Bool(word.eq_ignore_ascii_case("true")))
            }
            (Kind::Word(word), _) if word == "literal" => {
                self.at += 1;
                self.expect("(")?;
                let inner = self.argument()?;
                self.expect(")")?;
                Ok(inner)
            }
            _ => {
                let inner = self.any_of()?;
                let kind = self.eat_word("AS").then(|| self.bare_name().to_lowercase());
                Ok(Argument::Expression(inner, kind))
            }
        }
    }

    fn peek(&self) -> &(Kind, usize) {
        const END: &(Kind, usize) = &(Kind::End, 0);
        self.tokens.get(self.at).or(self.tokens.last()).unwrap_or(END)
    }

    fn next(&mut self) -> (Kind, usize) {
        let token = self.peek().clone();
        self.at += 1;
        token
    }

    fn eat(&mut self, sign: &str) -> bool {
        let found = matches!(self.peek(), (Kind::Sign(held), _) if *held == sign);
        self.at += usize::from(found);
        found
    }

    fn eat_word(&mut self, word: &str) -> bool {
        let found = matches!(self.peek(), (Kind::Word(held), _) if held.eq_ignore_ascii_case(word));
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, sign: &str) -> Result<(), SyntaxError> {
        if self.eat(sign) {
            return Ok(());
        }
        let (kind, at) = self.peek();
        Err((*at, format!("{} stands where `{sign}` is expected", shown(kind))))
    }
}

fn is_unit(word: &str) -> bool {
    ["hour", "day"].contains(&word.to_lowercase().trim_end_matches('s'))
}

fn shown(kind: &Kind) -> String {
    match kind {
        Kind::Word(text) | Kind::Number(text) => format!("`{text}`"),
        Kind::Text(text) => format!("`'{text}'`"),
        Kind::Sign(sign) => format!("`{sign}`"),
        Kind::End => "the query's end".to_owned(),
    }
}

const SIGNS: [&str; 15] = ["==", "!=", ">=", "<=", "=", ">", "<", "(", ")", ".", ",", ":", "{", "}", ";"];

fn tokens(text: &str) -> Result<Vec<(Kind, usize)>, SyntaxError> {
    let characters: Vec<char> = text.chars().collect();
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(character) = characters.get(at).copied() {
        let start = at;
        let run = |from: usize, belongs: &dyn Fn(char) -> bool| -> usize {
            from + characters.iter().skip(from).take_while(|held| belongs(**held)).count()
        };
        if character.is_whitespace() {
            at += 1;
            continue;
        }
        let kind = if ['\'', '"', '‘', '’'].contains(&character) {
            let closes = |held: char| match character {
                '"' => held == '"',
                '\'' => held == '\'',
                _ => held == '’',
            };
            let mut inner = String::new();
            at += 1;
            loop {
                match characters.get(at).copied() {
                    None => return Err((start, "a text is not closed".to_owned())),
                    Some('\\') if characters.get(at + 1).is_some() => {
                        inner.extend(characters.get(at + 1));
                        at += 2;
                    }
                    Some(held) if closes(held) => break,
                    Some(held) => {
                        inner.push(held);
                        at += 1;
                    }
                }
            }
            at += 1;
            Kind::Text(inner)
        } else if character.is_ascii_digit() || (character == '-' && next_is_digit(&characters, at)) {
            let whole = run(at + 1, &|held| held.is_ascii_digit());
            at = match characters.get(whole) {
                Some('.') if next_is_digit(&characters, whole) => {
                    run(whole + 1, &|held| held.is_ascii_digit())
                }
                _ => whole,
            };
            Kind::Number(characters.get(start..at).unwrap_or_default().iter().collect())
        } else if character.is_alphabetic() || character == '_' {
            at = run(at, &|held| held.is_alphanumeric() || ['_', '$', '-'].contains(&held));
            Kind::Word(characters.get(start..at).unwrap_or_default().iter().collect())
        } else {
            let rest: String = characters.iter().skip(at).take(2).collect();
            let Some(sign) = SIGNS.iter().find(|sign| rest.starts_with(**sign)) else {
                return Err((at, format!("`{character}` has no meaning here")));
            };
            at += sign.len();
            Kind::Sign(sign)
        };
        tokens.push((kind, start));
    }
    tokens.push((Kind::End, characters.len()));
    Ok(tokens)
}

fn next_is_digit(characters: &[char], at: usize) -> bool {
    characters.get(at + 1).is_some_and(char::is_ascii_digit)
}
