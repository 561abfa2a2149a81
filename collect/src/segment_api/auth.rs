use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// The write keys that a request carries outside its body.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Credentials {
    /// The Basic user name: see [`parse_basic`].
    pub basic: Option<String>,
    /// `?writeKey=`, as beacons send it.
    pub query: Option<String>,
}

const TOLERANT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// The user name in an `Authorization: Basic …` header. The password is empty, and old clients leave out
/// the colon too.
#[must_use]
pub fn parse_basic(header: &str) -> Option<String> {
    let (scheme, encoded) = header.trim().split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(TOLERANT.decode(encoded.trim()).ok()?).ok()?;
    let user = decoded.split(':').next()?.trim();
    (!user.is_empty()).then(|| user.to_owned())
}
