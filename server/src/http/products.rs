use axum::Json;
use axum::extract::{Path, State};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use segops_engine::{product_change, view};

use super::authority::{Admin, Reader};
use super::page::{Page, PageQuery, key_of, page, rows_of};
use super::problem::Problem;
use super::read_body::{JsonBody, QueryOf};
use super::state::App;

/// Problems of one batch that are listed.
const PROBLEMS_MAX: usize = 20;

/// Products as they are now.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProductBatch {
    /// Each an object with its `id`, whatever is known of it, and its `variants` as a list of such objects. It
    /// takes the place of what was known before. With `updated_at` it is so since then; with `deleted` it is
    /// taken out.
    #[schema(value_type = Vec<Object>)]
    products: Vec<serde_json::Value>,
}

/// How many products were taken in.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProductsChanged {
    changed: usize,
}

/// The products that are not deleted, by their ids.
#[utoipa::path(get, path = "/api/v1/products", tag = "Products", params(PageQuery), responses(
    (status = 200, body = Page<view::Product>), (status = "4XX", body = Problem)))]
pub(crate) async fn list(
    _: Reader,
    State(app): State<App>,
    QueryOf(query): QueryOf<PageQuery>,
) -> Result<Json<Page<view::Product>>, Problem> {
    let after: Option<String> = key_of(query.cursor.as_deref())?;
    let limit = rows_of(query.limit, app.limits());
    let products = app.run(move |engine| Ok(engine.products(after.as_deref(), limit + 1))).await?;
    Ok(Json(page(products, limit, |product| product.id.clone())))
}

/// One product with its versions, the newest first.
#[utoipa::path(get, path = "/api/v1/products/{id}", tag = "Products", params(
    ("id" = String, Path, description = "The product's id")), responses(
    (status = 200, body = view::ProductHistory), (status = "4XX", body = Problem)))]
pub(crate) async fn show(
    _: Reader,
    State(app): State<App>,
    Path(id): Path<String>,
) -> Result<Json<view::ProductHistory>, Problem> {
    Ok(Json(app.run(move |engine| engine.product(&id)).await?))
}

/// Puts products in the place of what was known of them, and takes out those that are `deleted`. A batch is
/// taken in as a whole, or not at all.
#[utoipa::path(post, path = "/api/v1/products", tag = "Products", request_body = ProductBatch, responses(
    (status = 200, body = ProductsChanged), (status = "4XX", body = Problem)))]
pub(crate) async fn change(
    Admin(caller): Admin,
    State(app): State<App>,
    JsonBody(batch): JsonBody<ProductBatch>,
) -> Result<Json<ProductsChanged>, Problem> {
    let limits = *app.limits();
    if batch.products.len() > limits.products_per_batch_max {
        return Err(Problem::too_large(format!(
            "there are {} products in the batch; the limit is {}: send several batches",
            batch.products.len(),
            limits.products_per_batch_max
        )));
    }
    let (mut changes, mut problems) = (Vec::new(), Vec::new());
    for (number, sent) in (1..).zip(batch.products) {
        match product_change(sent, &limits) {
            Ok(change) => changes.push(change),
            Err(problem) => problems.push(format!("product {number}: {problem}")),
        }
    }
    if !problems.is_empty() {
        let more = problems.len().saturating_sub(PROBLEMS_MAX);
        problems.truncate(PROBLEMS_MAX);
        let rest = if more > 0 { format!("; and {more} more") } else { String::new() };
        return Err(Problem::bad_request(format!("{}{rest}", problems.join("; "))));
    }
    let changed = changes.len();
    if changed > 0 {
        app.run(move |engine| engine.change_products(&caller.name, changes)).await?;
    }
    Ok(Json(ProductsChanged { changed }))
}
