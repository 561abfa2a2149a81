//! A workspace in a temporary folder, asked through the router in this process.

use std::path::Path;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt;
use segops_engine::{CheckpointOptions, Engine, EngineOptions, HistoryOptions, JournalKeeping, Timers};
use segops_model::{Clock, Limits, SystemClock};
use segops_parts::Objects;
use segops_server::control::{Role, Tokens};
use segops_server::http::{App, router};
use segops_store::RealDisk;
use serde_json::Value;
use tempfile::TempDir;
use tower::ServiceExt;

pub(crate) const WRITE_KEY: &str = "WK_TEST";

pub(crate) struct Workspace {
    pub(crate) engine: Engine,
    pub(crate) router: Router,
    pub(crate) app: App,
    admin: String,
    tokens: Tokens,
    pub(crate) folder: TempDir,
}

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Workspace {
    pub(crate) fn new() -> Self {
        Self::with_limits(Limits::default())
    }

    pub(crate) fn with_limits(limits: Limits) -> Self {
        Self::at(Arc::new(SystemClock), limits)
    }

    pub(crate) fn at(clock: Arc<dyn Clock>, limits: Limits) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let tokens = Tokens::open(folder.path(), clock.now()).unwrap();
        let admin = tokens.create("ann", Role::Admin, clock.now()).unwrap();
        for role in [Role::Viewer, Role::Marketer, Role::Analyst] {
            let secret = tokens.create(role.as_str(), role, clock.now()).unwrap();
            std::fs::write(folder.path().join(role.as_str()), secret).unwrap();
        }
        let app = App::new(folder.path(), Arc::clone(&clock), limits).unwrap();
        let engine = open(folder.path(), clock, limits);
        engine.create_source("ann", "Default", Some(WRITE_KEY.to_owned())).unwrap();
        app.ready(engine.clone());
        Self { engine, router: router(app.clone()), app, admin, tokens, folder }
    }

    pub(crate) fn token(&self, role: Role) -> String {
        let secret = match role {
            Role::Admin => self.admin.clone(),
            role => std::fs::read_to_string(self.folder.path().join(role.as_str())).unwrap(),
        };
        assert_eq!(self.tokens.find(&secret).unwrap().role, role);
        secret
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes().to_vec();
        Answer { status: parts.status, headers: parts.headers, body }
    }

    /// A request with the admin's token.
    pub(crate) async fn call(&self, method: &str, path: &str, body: Option<Value>) -> Answer {
        self.call_as(Role::Admin, method, path, body).await
    }

    pub(crate) async fn call_as(&self, role: Role, method: &str, path: &str, body: Option<Value>) -> Answer {
        let body = body.map_or_else(Body::empty, |json| Body::from(json.to_string()));
        let head = Request::builder().method(method).uri(path);
        let head = head.header("authorization", format!("Bearer {}", self.token(role)));
        self.send(head.body(body).unwrap()).await
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        let answer = self.call("GET", path, None).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        answer.json()
    }

    /// Sends events as a server-side SDK does, and waits until the fold has applied them.
    pub(crate) async fn track(&self, events: Value) -> Answer {
        let body = serde_json::json!({ "batch": events, "writeKey": WRITE_KEY }).to_string();
        let request = Request::post("/v1/batch").body(Body::from(body)).unwrap();
        let answer = self.send(request).await;
        self.settle().await;
        answer
    }

    /// Waits until everything durable is applied.
    pub(crate) async fn settle(&self) {
        let engine = self.engine.clone();
        tokio::task::spawn_blocking(move || engine.wait_applied(engine.status().durable_position))
            .await
            .unwrap();
    }

    /// Makes a segment and waits until it is live.
    pub(crate) async fn live_segment(&self, name: &str, rule: &str) -> Value {
        let body = serde_json::json!({ "name": name, "rule": rule });
        let made = self.call("POST", "/api/v1/segments", Some(body)).await;
        assert_eq!(made.status, 201, "{}", made.text());
        let id: segops_model::SegmentId = made.json()["segment"]["id"].as_str().unwrap().parse().unwrap();
        let engine = self.engine.clone();
        let primed = tokio::task::spawn_blocking(move || engine.wait_primed(id, &segops_engine::Work::new()));
        primed.await.unwrap().unwrap();
        self.get(&format!("/api/v1/segments/{id}")).await
    }
}

impl Drop for Workspace {
    fn drop(&mut self) {
        self.engine.close();
    }
}

fn open(data: &Path, clock: Arc<dyn Clock>, limits: Limits) -> Engine {
    let disk = Arc::new(RealDisk);
    let history = HistoryOptions::at(Objects::in_folder(&data.join("history")).unwrap());
    let timers = Timers::Background;
    let (checkpoints, journal) = (CheckpointOptions::default(), JournalKeeping::default());
    let data = data.to_owned();
    let options = EngineOptions { data, clock, disk, limits, timers, history, checkpoints, journal };
    Engine::open(options, &mut |_| {}).unwrap()
}

impl Answer {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The problem's kind, checked to be a problem.
    pub(crate) fn problem(&self) -> (u16, String) {
        assert_eq!(self.header("content-type"), "application/problem+json");
        let json = self.json();
        assert_eq!(json["status"], self.status.as_u16());
        let kind = json["type"].as_str().unwrap().strip_prefix("urn:segops:problem:").unwrap();
        (self.status.as_u16(), kind.to_owned())
    }
}

/// An order of one customer, as an SDK sends it.
pub(crate) fn order(user: &str, id: &str, at: &str, total: u32) -> Value {
    serde_json::json!({
        "type": "track", "userId": user, "messageId": format!("m-{id}"), "event": "Order Completed",
        "timestamp": at, "properties": { "order_id": id, "total": total, "currency": "EUR" },
    })
}
