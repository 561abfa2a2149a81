//! What a store over the network has told, in words that say what to do.

use object_store::Error;

use crate::error::PartsError;

/// Characters of what a store says that are passed on.
const TOLD_CHARS_MAX: usize = 400;

const NO_CREDENTIALS: &str = "set its credentials in the environment (AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or what the store has in \
     their place)";
const REFUSED: &str =
    "check the credentials in the environment, and that they may list, read, write and delete there";
const NO_BUCKET: &str =
    "make the bucket, or name one that is there; check region and endpoint in the environment too";
const AWAY: &str =
    "check the network, and the endpoint in the environment (AWS_ENDPOINT_URL); it is tried again";

/// An error of a store: one of a file, or the store itself cannot be used now.
pub(crate) fn told_by_store(place: String, action: &'static str, path: String, source: Error) -> PartsError {
    let text = plain(&chain(&source));
    let has = |words: &[&str]| words.iter().any(|word| text.contains(word));
    let advice = match &source {
        _ if has(&["NoSuchBucket", "ContainerNotFound", "The specified bucket does not exist"]) => NO_BUCKET,
        _ if has(&["169.254.169.254", "metadata.google.internal"]) => NO_CREDENTIALS,
        Error::PermissionDenied { .. } | Error::Unauthenticated { .. } => REFUSED,
        _ if has(&[
            "InvalidAccessKeyId",
            "SignatureDoesNotMatch",
            "AccessDenied",
            "AuthenticationFailed",
        ]) =>
        {
            REFUSED
        }
        Error::Generic { .. } | Error::JoinError { .. } => AWAY,
        _ => return PartsError::Objects { action, path, source },
    };
    PartsError::Unreachable { place, action, path, why: format!("it said: {text}"), advice }
}

/// An error with those that it comes from, as far as each says something new.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(error) = next {
        let more = error.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        next = error.source();
    }
    text
}

/// In one line, of bounded length, and without the queries of URLs, in which some stores are shown secrets.
fn plain(text: &str) -> String {
    let words = text.split_whitespace().map(|word| match word.split_once('?') {
        Some((url, _)) if url.contains("://") => url,
        _ => word,
    });
    let line = words.collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(TOLD_CHARS_MAX) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}
