//! The built binary, serving a folder on a free port of this machine.

use std::io::Read;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use segops_server::control::{Beacon, read_local_token};

pub(crate) const BINARY: &str = env!("CARGO_BIN_EXE_segops");

/// A running `segops serve`; killed when dropped.
pub(crate) struct ServerProcess {
    child: Child,
    pub(crate) url: String,
    pub(crate) token: String,
}

/// How long a start may take on a slow machine.
const START_TRIES: u32 = 1_200;
const START_PAUSE_MS: u64 = 50;

impl ServerProcess {
    /// Starts a server on a folder and waits until it is ready.
    pub(crate) fn start(data: &Path) -> Self {
        Self::start_with(data, &[])
    }

    pub(crate) fn start_with(data: &Path, arguments: &[&str]) -> Self {
        // A beacon left by a killed server would be taken for the new one's.
        Beacon::put_out(data);
        let child = Command::new(BINARY)
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(data)
            .args(arguments)
            .env_remove("SEGOPS_URL")
            .env_remove("SEGOPS_DATA")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut server = Self { child, url: String::new(), token: String::new() };
        server.wait_until_ready(data);
        server
    }

    fn wait_until_ready(&mut self, data: &Path) {
        for _ in 0..START_TRIES {
            if let Some(beacon) = Beacon::read(data) {
                self.url = beacon.url;
                if self.get("/readyz").is_ok_and(|(status, _)| status == 200) {
                    self.token = read_local_token(data).unwrap().unwrap();
                    return;
                }
            }
            assert!(self.child.try_wait().unwrap().is_none(), "the server has ended");
            std::thread::sleep(Duration::from_millis(START_PAUSE_MS));
        }
        panic!("the server was not ready in time");
    }

    pub(crate) fn get(&self, path: &str) -> Result<(u16, String), ureq::Error> {
        let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
        let mut response = agent
            .get(format!("{}{path}", self.url))
            .header("authorization", format!("Bearer {}", self.token))
            .call()?;
        Ok((response.status().as_u16(), response.body_mut().read_to_string()?))
    }

    /// Sends a body to the tracking API with a write key.
    pub(crate) fn post(&self, path: &str, body: &str) -> Result<(u16, String), ureq::Error> {
        let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
        let mut response = agent.post(format!("{}{path}", self.url)).send(body)?;
        Ok((response.status().as_u16(), response.body_mut().read_to_string()?))
    }

    /// Sends a JSON body to the API as the owner.
    pub(crate) fn post_api(
        &self,
        path: &str,
        body: &serde_json::Value,
    ) -> Result<(u16, String), ureq::Error> {
        let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
        let mut response = agent
            .post(format!("{}{path}", self.url))
            .header("authorization", format!("Bearer {}", self.token))
            .header("content-type", "application/json")
            .send(body.to_string())?;
        Ok((response.status().as_u16(), response.body_mut().read_to_string()?))
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Ends it without a warning, as a crash does.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Asks it to stop, and gives back what it printed.
    pub(crate) fn terminate(mut self) -> (i32, String) {
        let told = Command::new("kill").args(["-TERM", &self.pid().to_string()]).status().unwrap();
        assert!(told.success());
        let status = self.child.wait().unwrap();
        let mut printed = String::new();
        self.child.stdout.take().unwrap().read_to_string(&mut printed).unwrap();
        (status.code().unwrap_or(-1), printed)
    }
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        // It may have ended already.
        let _ended = self.child.kill();
        let _reaped = self.child.wait();
    }
}
