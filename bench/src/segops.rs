//! A SegOps server as anyone sees it: a process, a data folder, and HTTP.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;

use crate::load::Load;
use crate::stopwatch::Stopwatch;

const START_MAX: Duration = Duration::from_secs(30);
const CATCH_UP_MAX: Duration = Duration::from_secs(600);
const POLL_EVERY: Duration = Duration::from_millis(10);

const FOLD_THREAD: &str = "segops-fold";

#[derive(Debug)]
pub(crate) struct Server {
    /// `None` for a server that ran already.
    process: Option<Child>,
    url: String,
    token: String,
    pub(crate) write_key: String,
}

#[derive(Debug, Clone, Copy, Deserialize)]
pub(crate) struct Status {
    pub(crate) durable_position: u64,
    pub(crate) applied_position: u64,
    pub(crate) events: u64,
}

/// Where a server of a data folder answers: what it writes there for commands on the same machine.
#[derive(Debug, Deserialize)]
struct Beacon {
    url: String,
}

#[derive(Debug, Deserialize)]
struct Source {
    write_key: String,
}

impl Server {
    pub(crate) fn running(url: &str, token: &str, write_key: &str) -> Self {
        Self {
            process: None,
            url: url.trim_end_matches('/').to_owned(),
            token: token.to_owned(),
            write_key: write_key.to_owned(),
        }
    }

    pub(crate) fn start(binary: &Path, folder: &Path) -> Result<Self> {
        ensure!(
            binary.exists(),
            "there is no {}; build it with `cargo build --release -p segops-server`, or name it with --binary",
            binary.display()
        );
        let process = Command::new(binary)
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(folder)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .with_context(|| format!("cannot start {}", binary.display()))?;
        let mut server = Self {
            process: Some(process),
            url: String::new(),
            token: String::new(),
            write_key: String::new(),
        };
        server.wait_until_ready(&folder.join("control"))?;
        let source: Source = server.post("/api/v1/sources", &json!({ "name": "bench" }))?;
        server.write_key = source.write_key;
        Ok(server)
    }

    fn wait_until_ready(&mut self, control: &Path) -> Result<()> {
        let watch = Stopwatch::start();
        while watch.elapsed() < START_MAX {
            let beacon = std::fs::read(control.join("server.json")).ok();
            let token = std::fs::read_to_string(control.join("local.token")).ok();
            if let (Some(beacon), Some(token)) = (beacon, token)
                && let Ok(beacon) = serde_json::from_slice::<Beacon>(&beacon)
            {
                self.url = beacon.url.trim_end_matches('/').to_owned();
                self.token = token.trim().to_owned();
                if ureq::get(format!("{}/readyz", self.url)).call().is_ok() {
                    return Ok(());
                }
            }
            if let Some(process) = &mut self.process
                && let Some(status) = process.try_wait().context("cannot look after the server")?
            {
                bail!("the server ended at once, with {status}; start it by hand to see why");
            }
            std::thread::sleep(POLL_EVERY);
        }
        bail!("the server was not ready after {} s", START_MAX.as_secs())
    }

    /// Host and port, without the scheme.
    pub(crate) fn address(&self) -> Result<String> {
        let address = self.url.strip_prefix("http://").context("the load speaks plain HTTP only")?;
        Ok(address.to_owned())
    }

    pub(crate) fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T> {
        ureq::get(format!("{}{path}", self.url))
            .header("Authorization", format!("Bearer {}", self.token))
            .call()
            .with_context(|| format!("GET {path} failed"))?
            .body_mut()
            .read_json()
            .with_context(|| format!("cannot read the answer to GET {path}"))
    }

    pub(crate) fn post<T: DeserializeOwned>(&self, path: &str, body: &serde_json::Value) -> Result<T> {
        let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
        let mut answer = agent
            .post(format!("{}{path}", self.url))
            .header("Authorization", format!("Bearer {}", self.token))
            .send_json(body)
            .with_context(|| format!("POST {path} failed"))?;
        let text = answer.body_mut().read_to_string().with_context(|| format!("POST {path} failed"))?;
        ensure!(answer.status().is_success(), "POST {path} answered {}: {text}", answer.status());
        serde_json::from_str(&text).with_context(|| format!("cannot read the answer to POST {path}"))
    }

    pub(crate) fn delete(&self, path: &str) -> Result<()> {
        ureq::delete(format!("{}{path}", self.url))
            .header("Authorization", format!("Bearer {}", self.token))
            .call()
            .with_context(|| format!("DELETE {path} failed"))?;
        Ok(())
    }

    pub(crate) fn status(&self) -> Result<Status> {
        self.get("/api/v1/status")
    }

    /// For how long the thread that applies events has been on a processor. What else runs on the machine is not in it.
    pub(crate) fn fold_time(&self) -> Result<Duration> {
        let process = self.process.as_ref().context("only of a server that was started here")?;
        let threads = std::fs::read_dir(format!("/proc/{}/task", process.id()))
            .context("cannot list the server's threads; this is told on Linux alone")?;
        for thread in threads {
            let thread = thread?.path();
            if std::fs::read_to_string(thread.join("comm"))?.trim() == FOLD_THREAD {
                let stat = std::fs::read_to_string(thread.join("schedstat"))?;
                let nanoseconds = stat.split(' ').next().and_then(|text| text.parse().ok());
                return Ok(Duration::from_nanos(nanoseconds.context("cannot read a thread's schedstat")?));
            }
        }
        bail!("the server has no thread `{FOLD_THREAD}`")
    }

    /// Waits until every durable input is applied.
    pub(crate) fn wait_until_applied(&self) -> Result<()> {
        let watch = Stopwatch::start();
        while watch.elapsed() < CATCH_UP_MAX {
            let status = self.status()?;
            if status.applied_position >= status.durable_position {
                return Ok(());
            }
            std::thread::sleep(POLL_EVERY);
        }
        bail!("the server had not applied everything after {} s", CATCH_UP_MAX.as_secs())
    }

    /// Waits until every durable input is applied, and returns how long after the load's warm-up that was.
    pub(crate) fn wait_until_evaluated(&self, load: &Load) -> Result<Duration> {
        self.wait_until_applied()?;
        Ok(load.watch.elapsed().saturating_sub(load.warm_up))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(process) = &mut self.process {
            // The process may have ended by itself; then there is nothing to stop.
            drop(process.kill());
            drop(process.wait());
        }
    }
}
