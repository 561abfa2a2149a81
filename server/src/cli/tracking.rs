use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ureq::Agent;

use super::error::CliError;

/// A client of the tracking API, as an SDK is one: it sends again when told to come back.
#[derive(Debug)]
pub(crate) struct Tracking {
    agent: Agent,
    url: String,
    authorization: String,
}

const TRIES_MAX: u32 = 120;
const PAUSE_MS: u64 = 500;
const ANSWER_SECONDS_MAX: u64 = 60;

impl Tracking {
    pub(crate) fn new(url: &str, write_key: &str) -> Self {
        let agent = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(ANSWER_SECONDS_MAX)))
            .build()
            .into();
        let authorization = format!("Basic {}", STANDARD.encode(format!("{write_key}:")));
        Self { agent, url: format!("{url}/v1/batch"), authorization }
    }

    /// Sends one batch; events keep their message ids, so that sending again counts nothing twice.
    pub(crate) fn send(&self, batch: &str) -> Result<(), CliError> {
        let mut why = String::new();
        for _ in 0..TRIES_MAX {
            let sent = self
                .agent
                .post(&self.url)
                .header("authorization", &self.authorization)
                .header("content-type", "application/json")
                .send(batch);
            match sent {
                Ok(mut response) => {
                    let status = response.status().as_u16();
                    let answer = response.body_mut().read_to_string().unwrap_or_default();
                    match status {
                        200 => return Ok(()),
                        429 | 503 => why = format!("status {status}: {answer}"),
                        _ => {
                            let why = format!("status {status}: {answer}");
                            return Err(CliError::Network { url: self.url.clone(), why });
                        }
                    }
                }
                Err(error) => why = error.to_string(),
            }
            std::thread::sleep(Duration::from_millis(PAUSE_MS));
        }
        Err(CliError::Network { url: self.url.clone(), why })
    }
}
