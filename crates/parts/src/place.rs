//! Where a history may be: a folder of this machine, or a bucket of an object store.
//!
//! A URL names the place and nothing else. Credentials, endpoint and region come from the environment, by the names that the
//! stores' own tools use, so that they are in no command line, file or log of ours.

use std::fmt;
use std::path::Path as FilePath;
use std::sync::Arc;
use std::time::Duration;

use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey, S3ConditionalPut};
use object_store::azure::{AzureConfigKey, MicrosoftAzureBuilder};
use object_store::gcp::{GoogleCloudStorageBuilder, GoogleConfigKey};
use object_store::{BackoffConfig, ClientConfigKey, ObjectStore, RetryConfig};

use crate::error::PartsError;

/// How long one request may take, its retries not counted. A piece of a file is put within that.
const REQUEST_TIME: &str = "60s";
const CONNECT_TIME: &str = "5s";
const RETRIES_MAX: usize = 4;
/// After so long nothing is tried again.
const RETRY_TIME: Duration = Duration::from_secs(20);
const HINT: &str =
    "write it as s3://bucket/prefix, gs://bucket/prefix, az://container/prefix or file:///folder";

/// A place that a URL names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    kind: Kind,
    /// The bucket or container; empty for a folder.
    bucket: String,
    /// Within the bucket, without slashes at its ends; the path of a folder.
    path: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Folder,
    S3,
    Google,
    Azure,
}

impl Kind {
    const fn scheme(self) -> &'static str {
        match self {
            Self::Folder => "file",
            Self::S3 => "s3",
            Self::Google => "gs",
            Self::Azure => "az",
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.kind.scheme(), self.bucket)?;
        if self.path.is_empty() {
            return Ok(());
        }
        let slash = if self.kind == Kind::Folder { "" } else { "/" };
        write!(f, "{slash}{}", self.path)
    }
}

impl Place {
    /// Reads a URL.
    ///
    /// # Errors
    /// It has another scheme, no bucket, no folder, or more than a place: credentials or a query.
    pub fn parse(url: &str) -> Result<Self, PartsError> {
        // What may be a secret is not repeated.
        let refused = |what: &str| {
            let shown = url.split(['?', '#']).next().unwrap_or_default();
            let shown = shown.rsplit_once('@').map_or(shown, |(_, after)| after);
            Err(PartsError::Place { url: shown.to_owned(), what: what.to_owned() })
        };
        let Some((scheme, rest)) = url.split_once("://") else { return refused(HINT) };
        let kinds = [Kind::Folder, Kind::S3, Kind::Google, Kind::Azure];
        let Some(kind) = kinds.into_iter().find(|kind| kind.scheme() == scheme) else { return refused(HINT) };
        if rest.chars().any(char::is_control) {
            return refused("it has a control character");
        }
        if kind == Kind::Folder {
            if !rest.starts_with('/') || rest.trim_end_matches('/').is_empty() {
                return refused("a folder is named by its whole path: file:///folder");
            }
            let path = rest.trim_end_matches('/').to_owned();
            return Ok(Self { kind, bucket: String::new(), path });
        }
        if rest.contains(['?', '#', '@']) {
            return refused(
                "it names a bucket and a prefix, and nothing else; credentials and endpoint come from the environment",
            );
        }
        let (bucket, path) = rest.split_once('/').unwrap_or((rest, ""));
        if bucket.is_empty() || !bucket.chars().all(|one| one.is_ascii_alphanumeric() || "-._".contains(one))
        {
            return refused("it names no bucket; write it as s3://bucket/prefix");
        }
        let path = path.trim_end_matches('/');
        if !path.is_empty() && path.split('/').any(|part| part.is_empty() || part == "." || part == "..") {
            return refused("its prefix has an empty part, or one that is `.` or `..`");
        }
        Ok(Self { kind, bucket: bucket.to_owned(), path: path.to_owned() })
    }

    /// The folder, where it is one of this machine.
    pub(crate) fn folder(&self) -> Option<&FilePath> {
        (self.kind == Kind::Folder).then(|| FilePath::new(&self.path))
    }

    pub(crate) fn prefix(&self) -> &str {
        if self.kind == Kind::Folder { "" } else { &self.path }
    }

    /// The bucket, with what the environment says of it. Nothing is asked of it yet; `None` for a folder.
    pub(crate) fn bucket(&self) -> Result<Option<Arc<dyn ObjectStore>>, PartsError> {
        let store: object_store::Result<Arc<dyn ObjectStore>> = match self.kind {
            Kind::Folder => return Ok(None),
            Kind::S3 => self.s3().map(|store| Arc::new(store) as _),
            Kind::Google => {
                let client = |key| GoogleConfigKey::Client(key);
                GoogleCloudStorageBuilder::from_env()
                    .with_bucket_name(&self.bucket)
                    .with_retry(retry())
                    .with_config(client(ClientConfigKey::Timeout), REQUEST_TIME)
                    .with_config(client(ClientConfigKey::ConnectTimeout), CONNECT_TIME)
                    .build()
                    .map(|store| Arc::new(store) as _)
            }
            Kind::Azure => {
                let client = |key| AzureConfigKey::Client(key);
                MicrosoftAzureBuilder::from_env()
                    .with_container_name(&self.bucket)
                    .with_retry(retry())
                    .with_config(client(ClientConfigKey::Timeout), REQUEST_TIME)
                    .with_config(client(ClientConfigKey::ConnectTimeout), CONNECT_TIME)
                    .build()
                    .map(|store| Arc::new(store) as _)
            }
        };
        let refused = |error: object_store::Error| PartsError::Place {
            url: self.to_string(),
            what: format!("the environment does not say how to reach it: {error}"),
        };
        store.map(Some).map_err(refused)
    }

    fn s3(&self) -> object_store::Result<object_store::aws::AmazonS3> {
        let client = |key| AmazonS3ConfigKey::Client(key);
        let builder = AmazonS3Builder::from_env();
        let endpoint = [AmazonS3ConfigKey::S3Endpoint, AmazonS3ConfigKey::Endpoint]
            .iter()
            .find_map(|key| builder.get_config_value(key));
        // Whoever writes http:// into the endpoint means it.
        let is_plain = endpoint.is_some_and(|endpoint| endpoint.starts_with("http://"));
        let builder =
            if is_plain { builder.with_config(client(ClientConfigKey::AllowHttp), "true") } else { builder };
        builder
            .with_bucket_name(&self.bucket)
            .with_conditional_put(S3ConditionalPut::ETagMatch)
            .with_retry(retry())
            .with_config(client(ClientConfigKey::Timeout), REQUEST_TIME)
            .with_config(client(ClientConfigKey::ConnectTimeout), CONNECT_TIME)
            .build()
    }
}

fn retry() -> RetryConfig {
    let backoff = BackoffConfig { max_backoff: Duration::from_secs(5), ..BackoffConfig::default() };
    RetryConfig { backoff, max_retries: RETRIES_MAX, retry_timeout: RETRY_TIME }
}
