use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use segops_model::Limits;

use super::problem::Problem;

const PAGE_ROWS_DEFAULT: usize = 100;

/// One page of a list.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct Page<T> {
    pub data: Vec<T>,
    /// Send it as `cursor` to get the next page; `null` on the last.
    pub next_cursor: Option<String>,
}

/// Which page is asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct PageQuery {
    /// The `next_cursor` of the page before.
    pub(crate) cursor: Option<String>,
    /// Rows of a page, 100 unless told, at most `page_rows_max`.
    pub(crate) limit: Option<usize>,
}

/// The rows that a page may have.
pub(crate) fn rows_of(limit: Option<usize>, limits: &Limits) -> usize {
    limit.unwrap_or(PAGE_ROWS_DEFAULT).clamp(1, limits.page_rows_max.max(1))
}

/// The page of `rows`, which hold one more than `limit` where there is a next page.
pub(crate) fn page<T>(mut rows: Vec<T>, limit: usize, key: impl Fn(&T) -> String) -> Page<T> {
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next_cursor = rows.last().filter(|_| more).map(|last| URL_SAFE_NO_PAD.encode(key(last)));
    Page { data: rows, next_cursor }
}

/// The key that a cursor was made from.
pub(crate) fn key_of<K: std::str::FromStr>(cursor: Option<&str>) -> Result<Option<K>, Problem> {
    let Some(cursor) = cursor else { return Ok(None) };
    let decoded = URL_SAFE_NO_PAD.decode(cursor).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    decoded.and_then(|key| key.parse().ok()).map(Some).ok_or_else(|| {
        Problem::bad_request("the cursor is not one that a page has given; start again without it")
    })
}
