use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use segops_engine::view;
use segops_model::{ConsentChannel, ConsentState, ConsentStatement, Instant};

use super::authority::{Reader, Writer};
use super::problem::Problem;
use super::read_body::{JsonBody, QueryOf};
use super::state::App;

/// What was said of addresses, at most 10,000 statements at a time.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConsentBatch {
    pub statements: Vec<NewStatement>,
    /// SHA-256 of the file that they come from, as hex. What it says without a time was said when it came in
    /// first, so that reading it again changes nothing.
    pub file_hash: Option<String>,
}

/// One statement on consent.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewStatement {
    /// `email`, `sms`, `whatsapp`, `phone` or `push`.
    #[schema(value_type = String, example = "email")]
    pub channel: ConsentChannel,
    #[schema(example = "ann@shop.example")]
    pub address: String,
    /// Consent to one topic, such as `offers`; to everything where it is left out.
    pub topic: Option<String>,
    /// Consent to one store; to all where it is left out.
    pub store: Option<String>,
    /// `opted_in`, `opted_out`, `suppressed` or `unsuppressed`.
    #[schema(value_type = String, example = "opted_out")]
    pub state: ConsentState,
    /// When it was said. Where it is left out: now, or when the file came in first.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub at: Option<Instant>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ConsentQuery {
    /// `email`, `sms`, `whatsapp`, `phone` or `push`.
    #[param(value_type = String)]
    channel: ConsentChannel,
    address: String,
}

/// What was said of an address, the oldest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Statements {
    #[schema(value_type = Vec<Object>)]
    pub data: Vec<ConsentStatement>,
}

/// Records consent. Rows without an address that can be read are given back, and the others kept.
#[utoipa::path(post, path = "/api/v1/consent", tag = "Consent", request_body = ConsentBatch, responses(
    (status = 200, body = view::Taken), (status = "4XX", body = Problem)))]
pub(crate) async fn record(
    Writer(caller): Writer,
    State(app): State<App>,
    JsonBody(batch): JsonBody<ConsentBatch>,
) -> Result<Json<view::Taken>, Problem> {
    let most = app.limits().batch_events_max;
    if batch.statements.len() > most {
        let count = batch.statements.len();
        return Err(Problem::too_large(format!("{count} statements; send at most {most} at a time")));
    }
    if batch.file_hash.as_ref().is_some_and(|hash| hash.len() != 64 || !hash.is_ascii()) {
        return Err(Problem::bad_request("the `file_hash` is not a SHA-256 as 64 hex digits"));
    }
    let now = app.now();
    app.run(move |engine| {
        let file = batch.file_hash.as_deref().map(|hash| engine.consent_file(hash));
        let said_at = file.as_ref().map_or(now, |file| file.first_at);
        let statements = statements(batch.statements, said_at);
        engine.record_consent(&caller.name, &statements, file.as_ref())
    })
    .await
    .map(Json)
}

fn statements(sent: Vec<NewStatement>, said_at: Instant) -> Vec<ConsentStatement> {
    let named = |name: Option<String>| name.filter(|name| !name.trim().is_empty()).map(Into::into);
    sent.into_iter()
        .map(|one| ConsentStatement {
            channel: one.channel,
            address: one.address.into(),
            topic: named(one.topic),
            store: named(one.store),
            state: one.state,
            ts: one.at.unwrap_or(said_at),
        })
        .collect()
}

/// Everything that was said of an address.
#[utoipa::path(get, path = "/api/v1/consent", tag = "Consent", params(ConsentQuery), responses(
    (status = 200, body = Statements), (status = "4XX", body = Problem)))]
pub(crate) async fn show(
    _: Reader,
    State(app): State<App>,
    QueryOf(query): QueryOf<ConsentQuery>,
) -> Result<Json<Statements>, Problem> {
    let data = app.run(move |engine| Ok(engine.consent(query.channel, &query.address))).await?;
    Ok(Json(Statements { data }))
}
