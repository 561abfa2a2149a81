//! A keep-alive HTTP/1.1 connection with one request under way. As little of a client as will do, so that
//! the load takes little of the cores that it shares with what it measures.

use anyhow::{Context, Result, bail};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// The longest answer that is read; ours are a few hundred bytes.
const ANSWER_BYTES_MAX: usize = 1024 * 1024;

#[derive(Debug)]
pub(crate) struct Connection {
    stream: TcpStream,
    received: Vec<u8>,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Seconds, when the server asks to wait.
    pub(crate) retry_after: Option<u64>,
    pub(crate) body: Vec<u8>,
}

impl Connection {
    pub(crate) async fn open(address: &str) -> Result<Self> {
        let stream =
            TcpStream::connect(address).await.with_context(|| format!("cannot connect to {address}"))?;
        stream.set_nodelay(true).context("cannot turn off Nagle's algorithm")?;
        Ok(Self { stream, received: Vec::with_capacity(4096) })
    }

    /// Sends a request that is complete, head and body, and reads its answer.
    pub(crate) async fn send(&mut self, head: &[u8], body: &[u8]) -> Result<Answer> {
        self.stream.write_all(head).await.context("cannot send")?;
        self.stream.write_all(body).await.context("cannot send")?;
        self.received.clear();
        loop {
            if let Some(answer) = read_answer(&self.received)? {
                return Ok(answer);
            }
            if self.received.len() > ANSWER_BYTES_MAX {
                bail!("the answer is over {ANSWER_BYTES_MAX} bytes");
            }
            let count = self.stream.read_buf(&mut self.received).await.context("cannot receive")?;
            if count == 0 {
                bail!("the server closed the connection in the middle of an answer");
            }
        }
    }
}

/// The answer, once it has come in whole.
pub(crate) fn read_answer(received: &[u8]) -> Result<Option<Answer>> {
    let Some(head_length) = received.windows(4).position(|window| window == b"\r\n\r\n") else {
        return Ok(None);
    };
    let head = std::str::from_utf8(&received[..head_length]).context("the answer's head is not text")?;
    let mut lines = head.split("\r\n");
    let status = lines
        .next()
        .and_then(|line| line.split(' ').nth(1))
        .and_then(|status| status.parse().ok())
        .context("the answer has no status")?;
    let mut length = None;
    let mut retry_after = None;
    for (name, value) in lines.filter_map(|line| line.split_once(':')) {
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.trim().parse::<usize>().ok(),
            "retry-after" => retry_after = value.trim().parse().ok(),
            _ => {}
        }
    }
    let length = length.context("the answer has no Content-Length; this client reads no other kind")?;
    let start = head_length + 4;
    Ok(received.get(start..start + length).map(|body| Answer { status, retry_after, body: body.to_vec() }))
}
