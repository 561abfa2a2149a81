/// A token of Rust source, as far as `tidy` needs it: words and marks. Comments, strings, characters and
/// lifetimes are left out, so that prose which mentions a path is not taken for code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) kind: TokenKind,
    pub(super) line: usize,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum TokenKind {
    Word(String),
    /// `::`
    PathSeparator,
    Mark(char),
}

impl TokenKind {
    pub(super) fn word(&self) -> Option<&str> {
        match self {
            Self::Word(word) => Some(word),
            _ => None,
        }
    }
}

pub(super) fn tokenize(text: &str) -> Vec<Token> {
    let mut reader = Reader { characters: text.chars().collect(), at: 0, line: 1, tokens: Vec::new() };
    while reader.at < reader.characters.len() {
        reader.step();
    }
    reader.tokens
}

struct Reader {
    characters: Vec<char>,
    at: usize,
    line: usize,
    tokens: Vec<Token>,
}

impl Reader {
    fn peek(&self, ahead: usize) -> char {
        self.characters.get(self.at + ahead).copied().unwrap_or('\0')
    }

    fn advance(&mut self, count: usize) {
        for _ in 0..count {
            if self.peek(0) == '\n' {
                self.line += 1;
            }
            self.at += 1;
        }
    }

    fn push(&mut self, kind: TokenKind) {
        self.tokens.push(Token { kind, line: self.line });
    }

    fn step(&mut self) {
        match (self.peek(0), self.peek(1)) {
            ('/', '/') => self.skip_while(|character| character != '\n'),
            ('/', '*') => self.skip_block_comment(),
            ('"', _) => self.skip_string(),
            ('\'', _) => self.skip_character_or_lifetime(),
            (':', ':') => {
                self.push(TokenKind::PathSeparator);
                self.advance(2);
            }
            (first, _) if is_word_character(first) => self.read_word(),
            (first, _) => {
                if !first.is_whitespace() {
                    self.push(TokenKind::Mark(first));
                }
                self.advance(1);
            }
        }
    }

    fn skip_while(&mut self, condition: impl Fn(char) -> bool) {
        while self.at < self.characters.len() && condition(self.peek(0)) {
            self.advance(1);
        }
    }

    fn skip_block_comment(&mut self) {
        let mut depth = 0_usize;
        while self.at < self.characters.len() {
            match (self.peek(0), self.peek(1)) {
                ('/', '*') => {
                    depth += 1;
                    self.advance(2);
                }
                ('*', '/') => {
                    depth -= 1;
                    self.advance(2);
                    if depth == 0 {
                        return;
                    }
                }
                _ => self.advance(1),
            }
        }
    }

    fn skip_string(&mut self) {
        self.advance(1);
        while self.at < self.characters.len() {
            match self.peek(0) {
                '\\' => self.advance(2),
                '"' => return self.advance(1),
                _ => self.advance(1),
            }
        }
    }

    fn skip_raw_string(&mut self) {
        let hashes = (0..).take_while(|ahead| self.peek(*ahead) == '#').count();
        self.advance(hashes + 1);
        while self.at < self.characters.len() {
            let closes = self.peek(0) == '"' && (1..=hashes).all(|ahead| self.peek(ahead) == '#');
            if closes {
                return self.advance(hashes + 1);
            }
            self.advance(1);
        }
    }

    fn skip_character_or_lifetime(&mut self) {
        let escaped = self.peek(1) == '\\';
        if !escaped && self.peek(2) != '\'' {
            self.advance(1);
            return self.skip_while(is_word_character);
        }
        self.advance(if escaped { 3 } else { 2 });
        self.skip_while(|character| character != '\'');
        self.advance(1);
    }

    fn read_word(&mut self) {
        let start = self.at;
        let line = self.line;
        self.skip_while(is_word_character);
        let word: String = self.characters[start..self.at].iter().collect();
        let opens_raw = self.peek(0) == '"' || (self.peek(0) == '#' && matches!(self.peek(1), '"' | '#'));
        match word.as_str() {
            "r" | "br" | "cr" if opens_raw => self.skip_raw_string(),
            "b" | "c" if self.peek(0) == '"' => self.skip_string(),
            "b" if self.peek(0) == '\'' => self.skip_character_or_lifetime(),
            "r" if self.peek(0) == '#' => {
                self.advance(1);
                self.read_word();
            }
            _ => self.tokens.push(Token { kind: TokenKind::Word(word), line }),
        }
    }
}

fn is_word_character(character: char) -> bool {
    character == '_' || character.is_alphanumeric()
}
