//! Values as JSON text, and exactly the same values back: numbers keep every digit, which a reading through
//! doubles would not give.

use std::fmt::Write as _;

use compact_str::CompactString;
use segops_model::{Decimal, Object, Value};

/// Nested values deeper than this are refused, as the decoders of wire formats do.
const DEPTH_MAX: usize = 128;

/// Appends an object as JSON.
pub fn write_object(object: &Object, out: &mut String) {
    out.push('{');
    for (at, (name, value)) in object.iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        write_text(name, out);
        out.push(':');
        write_value(value, out);
    }
    out.push('}');
}

/// Appends a value as JSON.
pub fn write_value(value: &Value, out: &mut String) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(true) => out.push_str("true"),
        Value::Bool(false) => out.push_str("false"),
        Value::Number(number) => {
            // Writing to a string does not fail.
            let _ = write!(out, "{number}");
        }
        Value::Text(text) => write_text(text, out),
        Value::List(list) => {
            out.push('[');
            for (at, item) in list.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                write_value(item, out);
            }
            out.push(']');
        }
        Value::Object(object) => write_object(object, out),
    }
}

fn write_text(text: &str, out: &mut String) {
    out.push('"');
    let mut plain = 0;
    for (at, byte) in text.bytes().enumerate() {
        if byte >= 0x20 && byte != b'"' && byte != b'\\' {
            continue;
        }
        // All that is escaped is ASCII, so that these are borders of characters.
        out.push_str(text.get(plain..at).unwrap_or_default());
        plain = at + 1;
        match byte {
            b'"' => out.push_str("\\\""),
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            _ => {
                let _ = write!(out, "\\u{byte:04x}");
            }
        }
    }
    out.push_str(text.get(plain..).unwrap_or_default());
    out.push('"');
}

/// Reads what [`write_object`] has written. `None` for anything that is no JSON object.
#[must_use]
pub fn read_object(json: &str) -> Option<Object> {
    let mut reader = Reader { json, at: 0 };
    let value = reader.value(0)?;
    reader.skip_space();
    match value {
        Value::Object(object) if reader.at == json.len() => Some(object),
        _ => None,
    }
}

struct Reader<'a> {
    json: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    fn peek(&self) -> Option<u8> {
        self.json.as_bytes().get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while self.peek().is_some_and(|byte| byte.is_ascii_whitespace()) {
            self.at += 1;
        }
    }

    fn take(&mut self, byte: u8) -> Option<()> {
        self.skip_space();
        (self.peek()? == byte).then(|| self.at += 1)
    }

    fn word(&mut self, word: &str, value: Value) -> Option<Value> {
        self.json.get(self.at..)?.starts_with(word).then(|| {
            self.at += word.len();
            value
        })
    }

    fn value(&mut self, depth: usize) -> Option<Value> {
        if depth > DEPTH_MAX {
            return None;
        }
        self.skip_space();
        match self.peek()? {
            b'{' => self.object(depth).map(Value::Object),
            b'[' => self.list(depth).map(Value::List),
            b'"' => self.text().map(Value::Text),
            b't' => self.word("true", Value::Bool(true)),
            b'f' => self.word("false", Value::Bool(false)),
            b'n' => self.word("null", Value::Null),
            _ => self.number(),
        }
    }

    fn object(&mut self, depth: usize) -> Option<Object> {
        self.take(b'{')?;
        let mut members: Vec<(CompactString, Value)> = Vec::new();
        if self.take(b'}').is_some() {
            return Some(Object::new());
        }
        loop {
            self.skip_space();
            let name = self.text()?;
            self.take(b':')?;
            members.push((name, self.value(depth + 1)?));
            if self.take(b',').is_none() {
                self.take(b'}')?;
                return Some(members.into_iter().collect());
            }
        }
    }

    fn list(&mut self, depth: usize) -> Option<Vec<Value>> {
        self.take(b'[')?;
        let mut items = Vec::new();
        if self.take(b']').is_some() {
            return Some(items);
        }
        loop {
            items.push(self.value(depth + 1)?);
            if self.take(b',').is_none() {
                self.take(b']')?;
                return Some(items);
            }
        }
    }

    fn number(&mut self) -> Option<Value> {
        let rest: &'a str = self.json.get(self.at..)?;
        let end = rest
            .bytes()
            .position(|byte| !matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E'))
            .unwrap_or(rest.len());
        self.at += end;
        Decimal::parse(rest.get(..end)?).map(Value::Number)
    }

    fn text(&mut self) -> Option<CompactString> {
        self.take(b'"')?;
        let rest: &'a str = self.json.get(self.at..)?;
        let mut escaped = false;
        let mut bytes = rest.bytes().enumerate();
        while let Some((at, byte)) = bytes.next() {
            match byte {
                b'"' => {
                    let inner = rest.get(..at)?;
                    self.at += at + 1;
                    return if escaped { unescaped(inner) } else { Some(inner.into()) };
                }
                b'\\' => {
                    escaped = true;
                    bytes.next();
                }
                _ => {}
            }
        }
        None
    }
}

/// Only what [`write_text`] escapes.
fn unescaped(inner: &str) -> Option<CompactString> {
    let mut out = CompactString::with_capacity(inner.len());
    let mut characters = inner.chars();
    while let Some(character) = characters.next() {
        if character != '\\' {
            out.push(character);
            continue;
        }
        out.push(match characters.next()? {
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'u' => {
                let mut code = 0;
                for _ in 0..4 {
                    code = code * 16 + characters.next()?.to_digit(16)?;
                }
                char::from_u32(code)?
            }
            other => other,
        });
    }
    Some(out)
}
