use std::borrow::Cow;
use std::io::Read;

use flate2::read::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};
use segops_model::Limits;

use super::RequestError;

const GZIP_MAGIC: &[u8] = &[0x1f, 0x8b];

/// The body, decompressed, never more than `body_bytes_max` of it in memory.
///
/// A body that says gzip and is none has been decompressed by a proxy on the way; one that is gzip and
/// does not say so has lost its header there. Both are read.
///
/// # Errors
/// 413 past the limit, 400 for a broken stream, 415 for an encoding other than gzip and deflate.
pub fn read_body<'a>(
    encoding: Option<&str>,
    bytes: &'a [u8],
    limits: &Limits,
) -> Result<Cow<'a, [u8]>, RequestError> {
    let encoding = encoding.map(|name| name.trim().to_ascii_lowercase()).unwrap_or_default();
    match encoding.as_str() {
        _ if bytes.starts_with(GZIP_MAGIC) => inflate(MultiGzDecoder::new(bytes), limits),
        "" | "identity" | "gzip" | "x-gzip" => plain(bytes, limits),
        "deflate" if looks_like_json(bytes) => plain(bytes, limits),
        // The name means a zlib stream, and some clients send the bare deflate stream inside it.
        "deflate" if is_zlib(bytes) => inflate(ZlibDecoder::new(bytes), limits),
        "deflate" => inflate(DeflateDecoder::new(bytes), limits),
        other => Err(RequestError::unsupported_encoding(other)),
    }
}

fn plain<'a>(bytes: &'a [u8], limits: &Limits) -> Result<Cow<'a, [u8]>, RequestError> {
    if bytes.len() > limits.body_bytes_max {
        return Err(RequestError::too_large(limits.body_bytes_max));
    }
    Ok(Cow::Borrowed(bytes))
}

fn inflate<'a>(decoder: impl Read, limits: &Limits) -> Result<Cow<'a, [u8]>, RequestError> {
    let mut body = Vec::new();
    let bound = u64::try_from(limits.body_bytes_max).unwrap_or(u64::MAX).saturating_add(1);
    decoder.take(bound).read_to_end(&mut body).map_err(|error| {
        RequestError::invalid_body(format!(
            "the compressed body cannot be read ({error}); send it whole, as gzip or deflate"
        ))
    })?;
    if body.len() > limits.body_bytes_max {
        return Err(RequestError::too_large(limits.body_bytes_max));
    }
    Ok(Cow::Owned(body))
}

fn looks_like_json(bytes: &[u8]) -> bool {
    matches!(bytes.iter().find(|byte| !byte.is_ascii_whitespace()), Some(b'{'))
}

/// The two header bytes of a zlib stream: method 8, and a multiple of 31 together.
fn is_zlib(bytes: &[u8]) -> bool {
    matches!(bytes, [first, second, ..]
        if first & 0x0f == 8 && (u16::from(*first) * 256 + u16::from(*second)) % 31 == 0)
}
