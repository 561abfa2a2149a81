use std::time::Duration;

use ureq::Agent;
use ureq::http;

use super::client::{Payload, Reply, Request};
use super::error::CliError;

const CONNECT_SECONDS_MAX: u64 = 10;

/// A running server, over HTTP.
#[derive(Debug)]
pub(crate) struct Network {
    agent: Agent,
    url: String,
    token: String,
}

impl Network {
    pub(crate) fn new(url: &str, token: String) -> Result<Self, CliError> {
        let url = url.trim().trim_end_matches('/').to_owned();
        if !url.starts_with("http://") {
            return Err(CliError::Usage(format!(
                "`{url}` is no address that this command can reach; give one such as http://127.0.0.1:8123"
            )));
        }
        let agent = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_connect(Some(Duration::from_secs(CONNECT_SECONDS_MAX)))
            .build()
            .into();
        Ok(Self { agent, url, token })
    }

    pub(crate) fn send(&self, request: &Request) -> Result<Reply, CliError> {
        let mut head = http::Request::builder()
            .method(request.method)
            .uri(format!("{}{}", self.url, request.path))
            .header("authorization", format!("Bearer {}", self.token));
        if let Some(accept) = request.accept {
            head = head.header("accept", accept);
        }
        if let Some(version) = &request.if_match {
            head = head.header("if-match", version);
        }
        let unusable = |error: http::Error| self.failed(&error.to_string());
        let sent = match &request.payload {
            Payload::Nothing => self.agent.run(head.body(()).map_err(unusable)?),
            Payload::Json(json) => {
                let head = head.header("content-type", "application/json");
                self.agent.run(head.body(json.to_string()).map_err(unusable)?)
            }
            Payload::File(path) => self.agent.run(head.body(Payload::open(path)?).map_err(unusable)?),
        };
        let response = sent.map_err(|error| self.failed(&error.to_string()))?;
        let status = response.status().as_u16();
        Ok(Reply { status, body: Box::new(response.into_body().into_reader()) })
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    fn failed(&self, why: &str) -> CliError {
        CliError::Network { url: self.url.clone(), why: why.to_owned() }
    }
}
