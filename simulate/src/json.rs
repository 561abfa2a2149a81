use std::fmt::{Display, Write};

/// Writes one JSON object straight into text: events are made by the million, and a tree for each would
/// cost more than all the rest.
#[derive(Debug)]
pub(crate) struct ObjectWriter<'a> {
    out: &'a mut String,
    is_empty: bool,
}

/// The JSON text of an object whose members `write` adds.
pub(crate) fn object(write: impl FnOnce(&mut ObjectWriter<'_>)) -> String {
    let mut out = String::with_capacity(512);
    write_object(&mut out, write);
    out
}

fn write_object(out: &mut String, write: impl FnOnce(&mut ObjectWriter<'_>)) {
    out.push('{');
    write(&mut ObjectWriter { out, is_empty: true });
    out.push('}');
}

impl ObjectWriter<'_> {
    pub(crate) fn text(&mut self, name: &str, value: &str) {
        self.name(name);
        quote(self.out, value);
    }

    /// A number, or anything else that shows itself as valid JSON.
    pub(crate) fn number(&mut self, name: &str, value: impl Display) {
        self.name(name);
        write_display(self.out, value);
    }

    /// Text made by formatting, of characters that JSON does not escape: instants, numbers, ids.
    pub(crate) fn plain(&mut self, name: &str, value: impl Display) {
        self.name(name);
        self.out.push('"');
        write_display(self.out, value);
        self.out.push('"');
    }

    /// An amount of money held in hundredths, as a number with two fractional digits.
    pub(crate) fn money(&mut self, name: &str, hundredths: u64) {
        self.number(name, format_args!("{}.{:02}", hundredths / 100, hundredths % 100));
    }

    pub(crate) fn object(&mut self, name: &str, write: impl FnOnce(&mut ObjectWriter<'_>)) {
        self.name(name);
        write_object(self.out, write);
    }

    pub(crate) fn objects<T>(
        &mut self,
        name: &str,
        items: impl IntoIterator<Item = T>,
        mut write: impl FnMut(&mut ObjectWriter<'_>, T),
    ) {
        self.name(name);
        self.out.push('[');
        for (at, item) in items.into_iter().enumerate() {
            if at > 0 {
                self.out.push(',');
            }
            write_object(self.out, |object| write(object, item));
        }
        self.out.push(']');
    }

    fn name(&mut self, name: &str) {
        if !self.is_empty {
            self.out.push(',');
        }
        self.is_empty = false;
        quote(self.out, name);
        self.out.push(':');
    }
}

fn write_display(out: &mut String, value: impl Display) {
    // Formatting into a String cannot fail; the trait's signature is for writers that can.
    let _infallible = write!(out, "{value}");
}

fn quote(out: &mut String, text: &str) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            control if control < ' ' => write_display(out, format_args!("\\u{:04x}", u32::from(control))),
            other => out.push(other),
        }
    }
    out.push('"');
}
