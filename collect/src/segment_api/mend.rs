const BOM: &[u8] = b"\xef\xbb\xbf";

/// What JSON has no word for, as Python and JavaScript write it.
const NO_NUMBERS: [&[u8]; 3] = [b"NaN", b"Infinity", b"-Infinity"];

/// A body that is no JSON for one of the reasons for which clients' encoders are known: a byte order mark, bytes
/// that are no UTF-8, and numbers that are none. `None` if it has none of these.
///
/// Refusing such a body would lose every event of its batch, for the sake of one property of one of them:
/// Python's encoder writes `NaN` unless told not to, and SDKs never send a refused batch again.
pub(super) fn mended(body: &[u8]) -> Option<Vec<u8>> {
    let text = String::from_utf8_lossy(body.strip_prefix(BOM).unwrap_or(body));
    let out = without_no_numbers(text.as_bytes());
    (out != body).then_some(out)
}

/// The same, with `null` for each number that is none; what is in a text stays.
fn without_no_numbers(json: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(json.len());
    let mut rest = json;
    let mut in_text = false;
    while let Some((&byte, after)) = rest.split_first() {
        if in_text && byte == b'\\' {
            let (escape, after) = rest.split_at(rest.len().min(2));
            out.extend_from_slice(escape);
            rest = after;
            continue;
        }
        let no_number = NO_NUMBERS.iter().filter(|_| !in_text).find_map(|word| rest.strip_prefix(*word));
        if let Some(after) = no_number {
            out.extend_from_slice(b"null");
            rest = after;
            continue;
        }
        in_text ^= byte == b'"';
        out.push(byte);
        rest = after;
    }
    out
}
