use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use super::ControlError;

/// Random bytes in a secret: past any guessing.
const SECRET_BYTES: usize = 32;

/// A new secret with a prefix that tells a reader, and a scanner of leaked files, what it is.
pub(crate) fn new_secret(prefix: &str) -> Result<String, ControlError> {
    let mut bytes = [0_u8; SECRET_BYTES];
    getrandom::fill(&mut bytes).map_err(|error| ControlError::Random(error.to_string()))?;
    Ok(format!("{prefix}{}", URL_SAFE_NO_PAD.encode(bytes)))
}

/// SHA-256 as hex. A secret of 256 random bits needs no slow hash.
pub(crate) fn hash(secret: &str) -> String {
    hex(&Sha256::digest(secret.as_bytes()))
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
