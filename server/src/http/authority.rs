use axum::extract::FromRequestParts;
use axum::http::header;
use axum::http::request::Parts;

use super::problem::Problem;
use super::state::App;
use crate::control::{Caller, Role};

/// A caller who may read.
#[derive(Debug)]
pub(crate) struct Reader(pub(crate) Caller);

/// A caller who may also write segments.
#[derive(Debug)]
pub(crate) struct Writer(pub(crate) Caller);

/// A caller who may do everything.
#[derive(Debug)]
pub(crate) struct Admin(pub(crate) Caller);

impl FromRequestParts<App> for Reader {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        caller(parts, app).map(Self)
    }
}

impl FromRequestParts<App> for Writer {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let caller = caller(parts, app)?;
        match caller.role {
            Role::Marketer | Role::Analyst | Role::Admin => Ok(Self(caller)),
            Role::Viewer => Err(Problem::forbidden(caller.role.as_str(), "marketer, analyst or admin")),
        }
    }
}

impl FromRequestParts<App> for Admin {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let caller = caller(parts, app)?;
        match caller.role {
            Role::Admin => Ok(Self(caller)),
            role => Err(Problem::forbidden(role.as_str(), Role::Admin.as_str())),
        }
    }
}

fn caller(parts: &Parts, app: &App) -> Result<Caller, Problem> {
    let secret = parts
        .headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, secret)| secret.trim())
        .ok_or_else(Problem::unauthorized)?;
    let caller = app.tokens().find(secret).ok_or_else(Problem::unauthorized)?;
    tracing::Span::current().record("caller", caller.name.as_str());
    Ok(caller)
}
