//! The PostgreSQL protocol: psql, drivers and BI tools ask as they ask a PostgreSQL server, with an API token as the
//! password. What they ask of the server's own catalogue is answered by `datafusion-pg-catalog`.

mod asker;
mod fixed;
mod startup;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use pgwire::api::auth::StartupHandler;
use pgwire::api::cancel::{CancelHandler, DefaultCancelHandler};
use pgwire::api::query::{ExtendedQueryHandler, SimpleQueryHandler};
use pgwire::api::{ConnectionManager, ErrorHandler, PgWireServerHandlers};
use pgwire::error::{ErrorInfo, PgWireError};
use pgwire::tokio::process_socket;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};

use crate::error::SqlError;
use crate::service::{Opener, Sql};
use asker::Asker;
use startup::Startup;

/// How long to wait after the system refused a connection, as it does without free file handles.
const ACCEPT_PAUSE_MS: u64 = 100;

/// Who may ask, and what.
pub trait Gate: Send + Sync {
    /// The name of the token that a secret is of; `None` for a secret that opens nothing.
    fn admit(&self, secret: &str) -> Option<String>;
    /// A way to the workspace.
    ///
    /// # Errors
    /// There is none yet.
    fn opener(&self) -> Result<Opener, SqlError>;
}

/// Serves connections until told to stop; those that are open end then.
///
/// # Errors
/// The listener cannot be used, or no thread can be started.
pub async fn serve(
    sql: Sql,
    listener: std::net::TcpListener,
    gate: Arc<dyn Gate>,
    mut stopping: watch::Receiver<bool>,
) -> Result<(), SqlError> {
    let unusable = |error: &dyn std::fmt::Display| SqlError::Internal(error.to_string());
    let handle = sql.handle()?.clone();
    // Connections live on the threads of queries: what they parse may nest deep.
    let serving = handle.spawn(async move {
        let listener = TcpListener::from_std(listener).map_err(|error| unusable(&error))?;
        tokio::select! {
            never = accept(&sql, &listener, &gate) => never,
            _ = stopping.wait_for(|stop| *stop) => Ok(()),
        }
    });
    serving.await.unwrap_or_else(|error| Err(SqlError::Internal(error.to_string())))
}

async fn accept(sql: &Sql, listener: &TcpListener, gate: &Arc<dyn Gate>) -> Result<(), SqlError> {
    let connections = Arc::new(Semaphore::new(sql.limits().sql_connections_max));
    let manager = Arc::new(ConnectionManager::new());
    // Connections end with this task.
    let mut open = tokio::task::JoinSet::new();
    loop {
        while open.try_join_next().is_some() {}
        let Ok(permit) = Arc::clone(&connections).acquire_owned().await else { return Ok(()) };
        let (stream, peer) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "a PostgreSQL connection was not accepted");
                tokio::time::sleep(Duration::from_millis(ACCEPT_PAUSE_MS)).await;
                continue;
            }
        };
        let connection = Connection::new(sql, gate, &manager, peer);
        open.spawn(async move {
            if let Err(error) = process_socket(stream, None, connection).await {
                tracing::debug!(%error, %peer, "a PostgreSQL connection broke off");
            }
            drop(permit);
        });
    }
}

/// One connection.
struct Connection {
    asker: Arc<Asker>,
    startup: Arc<Startup>,
    cancel: Arc<DefaultCancelHandler>,
    peer: SocketAddr,
}

impl Connection {
    fn new(sql: &Sql, gate: &Arc<dyn Gate>, manager: &Arc<ConnectionManager>, peer: SocketAddr) -> Self {
        let asker = Arc::new(Asker::new(sql.clone(), Arc::clone(gate)));
        Self {
            startup: Arc::new(Startup::new(Arc::clone(gate), Arc::clone(&asker), Arc::clone(manager))),
            cancel: Arc::new(DefaultCancelHandler::new(Arc::clone(manager))),
            asker,
            peer,
        }
    }
}

impl PgWireServerHandlers for Connection {
    fn simple_query_handler(&self) -> Arc<impl SimpleQueryHandler> {
        Arc::clone(&self.asker)
    }

    fn extended_query_handler(&self) -> Arc<impl ExtendedQueryHandler> {
        Arc::clone(&self.asker)
    }

    fn startup_handler(&self) -> Arc<impl StartupHandler> {
        Arc::clone(&self.startup)
    }

    fn error_handler(&self) -> Arc<impl ErrorHandler> {
        Arc::new(Told(self.peer))
    }

    fn cancel_handler(&self) -> Arc<impl CancelHandler> {
        Arc::clone(&self.cancel)
    }
}

/// Notes what a client was told.
struct Told(SocketAddr);

impl ErrorHandler for Told {
    fn on_error<C>(&self, _: &C, error: &mut PgWireError) {
        tracing::debug!(%error, peer = %self.0, "a PostgreSQL client was refused");
    }
}

/// An error as PostgreSQL's clients know errors.
fn told(error: &SqlError) -> PgWireError {
    let code = match error {
        SqlError::Query { .. } => "42000",
        SqlError::Refused { .. } => "25006",
        SqlError::TooLong { .. } => "54000",
        SqlError::Busy { .. } => "53300",
        SqlError::Time { .. } | SqlError::Cancelled => "57014",
        SqlError::Memory(_) => "53200",
        SqlError::Run(_) => "22000",
        SqlError::Unreachable(_) => "58030",
        SqlError::Internal(_) => "XX000",
    };
    PgWireError::UserError(Box::new(ErrorInfo::new("ERROR".to_owned(), code.to_owned(), error.to_string())))
}
