use compact_str::CompactString;
use xxhash_rust::xxh3::xxh3_128;

/// The message id of an event whose id columns hold `values`: readable where it is short, else a hash.
///
/// Two different lists of values never give one readable text: what separates them is escaped within them.
pub(super) fn of_values(name: &str, values: &[CompactString], bytes_max: usize) -> CompactString {
    let key = joined(values);
    let mut id = CompactString::from(name);
    id.push(':');
    if name.len() + 1 + key.len() <= bytes_max.min(128) {
        id.push_str(&key);
        return id;
    }
    // A hash of the name too: the name itself may be as long as it likes.
    let whole = format!("{}\u{0}{key}", name.len());
    compact_str::format_compact!(
        "import:{:032x}:{:032x}",
        xxh3_128(name.as_bytes()),
        xxh3_128(whole.as_bytes())
    )
}

/// The values with `:` between them.
pub(super) fn joined(values: &[CompactString]) -> String {
    let escaped = values.iter().map(|value| value.replace('\\', "\\\\").replace(':', "\\:"));
    escaped.collect::<Vec<_>>().join(":")
}

/// What stands for a group's key in the set of those seen: the key itself may be long.
pub(super) fn fingerprint(key: &str) -> u128 {
    xxh3_128(key.as_bytes())
}
