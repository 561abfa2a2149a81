//! The process that serves a data folder: it binds at once, opens the engine beside, answers until it is
//! told to stop, and then stops in order.

mod listener;
mod log;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};

use segops_engine::{CheckpointOptions, Engine, JournalRetention, Timers};
use segops_model::{Clock, Limits, SystemClock};

pub use log::LogFormat;

use crate::control::{Beacon, ControlError, FolderLock, OWNER_TOKEN, Role};
use crate::history_place::HistorySetting;
use crate::http::{App, router};
use crate::open::{OpenError, OpenOptions, open_workspace};
use crate::sql::PostgresGate;

/// What to serve, and where.
#[derive(Debug, Clone)]
pub struct ServeOptions {
    pub data: PathBuf,
    pub listen: SocketAddr,
    /// Where clients of PostgreSQL connect, if anywhere.
    pub postgres_listen: Option<SocketAddr>,
    pub time_zone: Option<String>,
    /// How often a segment is checked in the background, if at all.
    pub verify_every: Option<Duration>,
    /// When checkpoints are made.
    pub checkpoints: CheckpointOptions,
    /// What becomes of journal files that checkpoint and parts have passed.
    pub retention: JournalRetention,
    /// Where the history is.
    pub history: HistorySetting,
    pub log_format: LogFormat,
}

/// Why the server ended by itself.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    #[error("another process has the data folder {0}; stop it, or serve another folder")]
    FolderBusy(PathBuf),
    #[error("cannot listen at {0}: {1}; choose another address with --listen")]
    Listen(SocketAddr, std::io::Error),
    #[error(
        "cannot listen for PostgreSQL clients at {0}: {1}; choose another address with --postgres-listen"
    )]
    ListenPostgres(SocketAddr, std::io::Error),
    #[error("cannot start: {0}")]
    Start(std::io::Error),
    #[error(transparent)]
    Control(#[from] ControlError),
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error("opening the data folder has failed: {0}")]
    Panicked(String),
}

/// Serves until SIGTERM or SIGINT. `say` gets the few lines that a person at the terminal should read.
///
/// # Errors
/// The address or the folder is taken, or the folder cannot be opened.
pub fn serve(options: ServeOptions, say: &mut dyn FnMut(&str)) -> Result<(), ServeError> {
    log::start(options.log_format);
    let Some(_lock) = FolderLock::take(&options.data)? else {
        return Err(ServeError::FolderBusy(options.data));
    };
    // One that a crash has left names an address that is no longer ours.
    Beacon::put_out(&options.data);
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let app = App::new(&options.data, Arc::clone(&clock), Limits::default())?;
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(ServeError::Start)?;
    let served = runtime.block_on(run(&options, &app, clock, say));
    Beacon::put_out(&options.data);
    served
}

async fn run(
    options: &ServeOptions,
    app: &App,
    clock: Arc<dyn Clock>,
    say: &mut dyn FnMut(&str),
) -> Result<(), ServeError> {
    let listener = listener::bind(options.listen).await?;
    let address = listener.local_addr().map_err(ServeError::Start)?;
    let url = url_of(address);
    Beacon { url: url.clone(), pid: std::process::id() }.light(&options.data)?;
    tracing::info!(%url, data = %options.data.display(), "listening");
    let postgres = options.postgres_listen.map(|address| listen_postgres(app, address)).transpose()?;
    let accepting = tokio::spawn(listener::accept(listener, router(app.clone()), app.stopping()));

    let opening = tokio::task::spawn_blocking({
        let (app, options) = (app.clone(), options.clone());
        move || open(&app, &options, clock)
    });
    let opened = tokio::select! {
        opened = opening => opened.unwrap_or_else(|error| Err(ServeError::Panicked(error.to_string()))),
        () = told_to_stop() => return Ok(()),
    };
    let opened = match opened {
        Ok(opened) => opened,
        Err(error) => return Err(error),
    };
    opened.announce(&url, say);
    if let Some(address) = postgres {
        say(&format!(
            "Clients of PostgreSQL connect at {address}, database `segops`, with a token as the password"
        ));
    }
    tracing::info!("ready");

    told_to_stop().await;
    tracing::info!("stopping: no new requests, those that run are finished");
    app.stop();
    if let Err(error) = accepting.await {
        tracing::error!(%error, "the listener has failed");
    }
    let engine = opened.engine;
    let closed = tokio::task::spawn_blocking(move || engine.close()).await;
    if let Err(error) = closed {
        tracing::error!(%error, "the engine did not close in order");
    }
    tracing::info!("stopped");
    Ok(())
}

/// Has clients of PostgreSQL served. They are told to come back until the workspace is open.
fn listen_postgres(app: &App, address: SocketAddr) -> Result<SocketAddr, ServeError> {
    let failed = |error| ServeError::ListenPostgres(address, error);
    let listener = std::net::TcpListener::bind(address).map_err(failed)?;
    listener.set_nonblocking(true).map_err(failed)?;
    let bound = listener.local_addr().map_err(failed)?;
    let sql = app.sql().map_err(|problem| failed(std::io::Error::other(problem.detail)))?.clone();
    let (gate, stopping) = (Arc::new(PostgresGate(app.clone())), app.stopping());
    tokio::spawn(async move {
        if let Err(error) = segops_sql::postgres::serve(sql, listener, gate, stopping).await {
            tracing::error!(%error, "PostgreSQL clients are served no more");
        }
    });
    tracing::info!(%bound, "listening for PostgreSQL clients");
    Ok(bound)
}

/// An opened workspace, and what only its first start shows.
struct Opened {
    engine: Engine,
    owner_token: Option<String>,
    write_key: Option<String>,
}

fn open(app: &App, options: &ServeOptions, clock: Arc<dyn Clock>) -> Result<Opened, ServeError> {
    let now = clock.now();
    let progress = app.clone();
    let opening = OpenOptions {
        data: &options.data,
        clock,
        limits: Limits::default(),
        timers: Timers::Background,
        checkpoints: options.checkpoints,
        retention: options.retention.clone(),
        author: OWNER_TOKEN,
        time_zone: options.time_zone.as_deref(),
        history: &options.history,
    };
    let engine =
        open_workspace(opening, &mut |step| progress.opening(step.position.0, step.durable_position.0))?;
    let owner_token = if app.tokens().has_owner() {
        None
    } else {
        Some(app.tokens().create(OWNER_TOKEN, Role::Admin, now)?)
    };
    let write_key = owner_token.as_ref().and_then(|_| Some(engine.sources().first()?.write_key.clone()));
    if let Some(every) = options.verify_every {
        engine.verify_in_background(every).map_err(OpenError::from)?;
    }
    app.ready(engine.clone());
    Ok(Opened { engine, owner_token, write_key })
}

impl Opened {
    fn announce(&self, url: &str, say: &mut dyn FnMut(&str)) {
        say(&format!("SegOps serves at {url}"));
        if let Some(token) = &self.owner_token {
            say("This is the first start. The owner's token, shown only now:");
            say(&format!("  {token}"));
        }
        if let Some(key) = &self.write_key {
            say("Clients send events with the write key of the source `Default`:");
            say(&format!("  {key}"));
        }
    }
}

/// The address as one that a client on this machine can use.
fn url_of(address: SocketAddr) -> String {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    format!("http://{}", SocketAddr::new(ip, address.port()))
}

async fn told_to_stop() {
    let (Ok(mut terminate), Ok(mut interrupt)) =
        (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        tracing::warn!("signals cannot be heard; stop the process by force");
        return std::future::pending().await;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}
