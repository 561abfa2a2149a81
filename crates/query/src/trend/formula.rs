//! Arithmetic between series.

use segops_model::Decimal;

use crate::amount::divided;

/// Operations within operations.
const DEPTH_MAX: usize = 50;

/// `A / B * 100`: numbers and series, joined.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Formula {
    Number(Decimal),
    Series(usize),
    Operation(char, Box<Formula>, Box<Formula>),
}

/// What a series is called in formulas: A to Z.
pub(crate) fn series_name(number: usize) -> String {
    let letter = u8::try_from(number).ok().and_then(|number| b'A'.checked_add(number));
    letter
        .filter(u8::is_ascii_uppercase)
        .map_or_else(|| number.to_string(), |letter| char::from(letter).to_string())
}

impl Formula {
    pub(crate) fn parse(text: &str, series: usize) -> Result<Self, String> {
        let mut parser = Parser { rest: text, series, depth: 0 };
        let formula = parser.sum()?;
        match parser.peek() {
            None => Ok(formula),
            Some(character) => Err(format!("`{character}` can't stand there in `{text}`")),
        }
    }

    /// The value where every series has one that is needed; `None` past the range and for a division by 0.
    pub(crate) fn value(&self, of: &impl Fn(usize) -> Option<Decimal>) -> Option<Decimal> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Series(number) => of(*number),
            Self::Operation(operator, left, right) => {
                let (left, right) = (left.value(of)?, right.value(of)?);
                match operator {
                    '+' => left.checked_add(right),
                    '-' => left.checked_sub(right),
                    '*' => left.checked_mul(right),
                    _ => divided(left, right),
                }
            }
        }
    }

    pub(crate) fn series(&self, out: &mut Vec<usize>) {
        match self {
            Self::Number(_) => {}
            Self::Series(number) => out.push(*number),
            Self::Operation(_, left, right) => {
                left.series(out);
                right.series(out);
            }
        }
    }
}

struct Parser<'a> {
    rest: &'a str,
    series: usize,
    depth: usize,
}

impl Parser<'_> {
    fn peek(&mut self) -> Option<char> {
        self.rest = self.rest.trim_start();
        self.rest.chars().next()
    }

    fn eat(&mut self, wanted: &[char]) -> Option<char> {
        let character = self.peek().filter(|character| wanted.contains(character))?;
        self.rest = self.rest.get(character.len_utf8()..).unwrap_or_default();
        Some(character)
    }

    fn sum(&mut self) -> Result<Formula, String> {
        let mut left = self.product()?;
        while let Some(operator) = self.eat(&['+', '-']) {
            left = Formula::Operation(operator, Box::new(left), Box::new(self.product()?));
            self.deeper()?;
        }
        Ok(left)
    }

    fn product(&mut self) -> Result<Formula, String> {
        let mut left = self.part()?;
        while let Some(operator) = self.eat(&['*', '/']) {
            left = Formula::Operation(operator, Box::new(left), Box::new(self.part()?));
            self.deeper()?;
        }
        Ok(left)
    }

    fn deeper(&mut self) -> Result<(), String> {
        self.depth += 1;
        if self.depth > DEPTH_MAX { Err(format!("more than {DEPTH_MAX} operations")) } else { Ok(()) }
    }

    fn part(&mut self) -> Result<Formula, String> {
        self.deeper()?;
        if self.eat(&['(']).is_some() {
            let inner = self.sum()?;
            return self.eat(&[')']).map(|_| inner).ok_or_else(|| "a parenthesis is not closed".to_owned());
        }
        if self.eat(&['-']).is_some() {
            let zero = Box::new(Formula::Number(Decimal::ZERO));
            return Ok(Formula::Operation('-', zero, Box::new(self.part()?)));
        }
        self.peek();
        let end = self.rest.find(|character: char| !character.is_ascii_alphanumeric() && character != '.');
        let (word, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        self.rest = rest;
        if word.is_empty() {
            return Err("a number or a series is missing".to_owned());
        }
        if let Some(number) = Decimal::parse(word) {
            return Ok(Formula::Number(number));
        }
        let number = (0..self.series).find(|number| series_name(*number).eq_ignore_ascii_case(word));
        number.map(Formula::Series).ok_or_else(|| format!("there is no series `{word}`"))
    }
}
