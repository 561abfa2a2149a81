use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http;
use bytes::{Buf, Bytes};
use http_body_util::BodyExt;
use tokio::runtime::{Handle, Runtime};
use tower::ServiceExt;

use segops_engine::{Engine, OpenProgress, Timers};
use segops_model::{Clock, Limits, SystemClock};

use super::client::{Payload, Reply, Request};
use super::error::CliError;
use crate::control::{FolderLock, LOCAL_TOKEN, read_local_token};
use crate::http::{App, LocalFile, router};
use crate::open::open_workspace;

/// A data folder, opened in this process: its requests go through the server's own routes.
#[derive(Debug)]
pub(crate) struct Folder {
    router: Router,
    token: String,
    engine: Engine,
    // Dropped after the engine is closed, in this order.
    runtime: Runtime,
    _lock: FolderLock,
}

impl Folder {
    pub(crate) fn open(
        data: &Path,
        lock: FolderLock,
        progress: &mut dyn FnMut(OpenProgress),
    ) -> Result<Self, CliError> {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let limits = Limits::default();
        let app = App::new(data, Arc::clone(&clock), limits)?;
        let token = read_local_token(data)?.unwrap_or_default();
        let engine = open_workspace(data, clock, limits, Timers::Background, LOCAL_TOKEN, None, progress)?;
        app.ready(engine.clone());
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .map_err(CliError::io("cannot start threads"))?;
        Ok(Self { router: router(app), token, engine, runtime, _lock: lock })
    }

    pub(crate) fn send(&self, request: &Request) -> Result<Reply, CliError> {
        let mut head = http::Request::builder()
            .method(request.method)
            .uri(&request.path)
            .header(http::header::AUTHORIZATION, format!("Bearer {}", self.token));
        if let Some(accept) = request.accept {
            head = head.header(http::header::ACCEPT, accept);
        }
        if let Some(version) = &request.if_match {
            head = head.header(http::header::IF_MATCH, version);
        }
        let body = match &request.payload {
            Payload::Nothing => Body::empty(),
            Payload::Json(json) => Body::from(json.to_string()),
            Payload::File(path) => {
                head = head.extension(LocalFile(path.clone()));
                Body::empty()
            }
        };
        let built = head.body(body).map_err(|error| CliError::Usage(error.to_string()))?;
        let handle = self.runtime.handle().clone();
        let response = match handle.block_on(self.router.clone().oneshot(built)) {
            Ok(response) => response,
            Err(never) => match never {},
        };
        let status = response.status().as_u16();
        let body = BodyReader { handle, body: response.into_body(), rest: Bytes::new() };
        Ok(Reply { status, body: Box::new(body) })
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        self.engine.close();
    }
}

/// A body of this process as something to read from.
struct BodyReader {
    handle: Handle,
    body: Body,
    rest: Bytes,
}

impl Read for BodyReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.rest.is_empty() {
            match self.handle.block_on(self.body.frame()) {
                None => return Ok(0),
                Some(Err(error)) => return Err(io::Error::other(error)),
                Some(Ok(frame)) => self.rest = frame.into_data().unwrap_or_default(),
            }
        }
        let count = self.rest.len().min(buffer.len());
        self.rest.copy_to_slice(&mut buffer[..count]);
        Ok(count)
    }
}
