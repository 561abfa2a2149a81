use std::cmp::Reverse;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use axum::Json;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use serde::Deserialize;
use tokio::io::AsyncWriteExt;
use utoipa::IntoParams;

use segops_collect::files::Mapping;
use segops_engine::view;

use super::authority::{Admin, Reader};
use super::job;
use super::page::{Page, PageQuery, key_of, page, rows_of};
use super::problem::Problem;
use super::read_body::{QueryOf, next_data};
use super::state::App;
use crate::control::{ControlError, control_folder, make_folder, new_secret};
use crate::import::{ImportFailure, ImportJob, ImportReport, import};

/// A file of this machine, to be imported in place. Only a request made in this process can carry one.
#[derive(Debug, Clone)]
pub struct LocalFile(pub PathBuf);

/// Bytes of one uploaded file.
const UPLOAD_BYTES_MAX: u64 = 64 * 1024 * 1024 * 1024;

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ImportQuery {
    /// What to call the file in reports and rejections.
    file_name: Option<String>,
    /// The source that the events are of, by its id or name; `Default` where it is left out.
    source: Option<String>,
    /// What the columns mean, as TOML or JSON. Files of tracking events, one a line, need none.
    mapping: Option<String>,
    /// Import also a file that the ledger has.
    #[serde(default)]
    again: bool,
    /// Check everything, and keep nothing.
    #[serde(default)]
    dry_run: bool,
}

/// The ledger of imported files, the newest first.
#[utoipa::path(get, path = "/api/v1/imports", tag = "Events", params(PageQuery), responses(
    (status = 200, body = Page<view::Import>), (status = "4XX", body = Problem)))]
pub(crate) async fn list(
    _: Reader,
    State(app): State<App>,
    QueryOf(query): QueryOf<PageQuery>,
) -> Result<Json<Page<view::Import>>, Problem> {
    let skipped: usize = key_of(query.cursor.as_deref())?.unwrap_or_default();
    let limit = rows_of(query.limit, app.limits());
    let mut imports = app.run(|engine| Ok(engine.imports())).await?;
    imports.sort_by_key(|import| Reverse(import.started_at));
    let rows: Vec<_> = imports.into_iter().skip(skipped).take(limit + 1).collect();
    Ok(Json(page(rows, limit, |_| (skipped + limit).to_string())))
}

/// Imports a file, which is the body. A file that was imported before is left alone, so that this is safe to
/// repeat. With `Accept: application/x-ndjson` the answer is lines of progress, then one with the result.
#[utoipa::path(post, path = "/api/v1/imports", tag = "Events", params(ImportQuery),
    request_body(content = String, content_type = "application/octet-stream"), responses(
    (status = 200, body = ImportReport), (status = 422, description = "The mapping does not fit", body = Problem),
    (status = "4XX", body = Problem)))]
pub(crate) async fn create(
    Admin(caller): Admin,
    State(app): State<App>,
    QueryOf(query): QueryOf<ImportQuery>,
    request: Request,
) -> Result<Response, Problem> {
    let mapping = match &query.mapping {
        Some(text) => Some(Mapping::parse(text).map_err(ImportFailure::File)?),
        None => None,
    };
    let source_name = query.source.unwrap_or_else(|| "Default".to_owned());
    let source = app.run(move |engine| engine.find_source(&source_name)).await?.id;
    let headers = request.headers().clone();
    let (path, upload) = match request.extensions().get::<LocalFile>() {
        Some(LocalFile(path)) => (path.clone(), None),
        None => {
            let upload = Upload::receive(app.data(), request.into_body()).await?;
            (upload.path.clone(), Some(upload))
        }
    };
    let job = ImportJob {
        file_name: query.file_name.unwrap_or_else(|| "upload".to_owned()),
        path,
        source,
        mapping,
        again: query.again,
        dry_run: query.dry_run,
        author: caller.name,
    };
    let engine = app.engine()?.clone();
    job::answer(app.jobs(), &headers, move |progress| {
        let done = import(&engine, &job, &progress.work, &progress.rows);
        drop(upload);
        Ok(done?)
    })
    .await
}

/// Removes what a crash has left of uploads. Only the process that has the folder may do so.
///
/// # Errors
/// The folder cannot be removed.
pub(crate) fn remove_leftovers(data: &Path) -> Result<(), ControlError> {
    let folder = uploads_folder(data);
    match std::fs::remove_dir_all(&folder) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(ControlError::Io { action: "cannot remove", path: folder, error })
        }
        _ => Ok(()),
    }
}

fn uploads_folder(data: &Path) -> PathBuf {
    control_folder(data).join("uploads")
}

/// An uploaded file, kept beside the data while it is imported: it is read twice.
#[derive(Debug)]
struct Upload {
    path: PathBuf,
}

impl Upload {
    async fn receive(data: &Path, mut body: Body) -> Result<Self, Problem> {
        let failed = |error: std::io::Error| Problem::internal(&error);
        let folder = uploads_folder(data);
        make_folder(&folder)?;
        let upload = Self { path: folder.join(new_secret("")?) };
        let mut file = tokio::fs::File::create_new(&upload.path).await.map_err(failed)?;
        let mut bytes = 0_u64;
        while let Some(data) = next_data(&mut body).await? {
            bytes += u64::try_from(data.len()).unwrap_or_default();
            if bytes > UPLOAD_BYTES_MAX {
                return Err(Problem::too_large(format!(
                    "a file has at most {UPLOAD_BYTES_MAX} bytes; split it"
                )));
            }
            file.write_all(&data).await.map_err(failed)?;
        }
        file.flush().await.map_err(failed)?;
        Ok(upload)
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_file(&self.path) {
            tracing::warn!(%error, path = %self.path.display(), "cannot remove an uploaded file");
        }
    }
}
