//! Computes what the engine has on a schedule: the engine knows neither SQL nor analyses.

use segops_engine::state::{AlarmFinding, AlarmState, ResultDefinition};
use segops_engine::{ComputedResult, Computing, Engine, NamedProfile, NotComputed, RESULT_MEMBERS_MAX, Work};
use segops_query::{Alike, AlikeAnswer, AnalysisError};
use segops_rules::Window;
use segops_sql::{Query, SqlError};

use crate::analyses::{AnalysisFailure, find_alike};
use crate::http::{App, WeakApp};
use crate::sql::opener;
use crate::watching::look;

/// Who asks, in the list of running queries.
pub(crate) const ASKER: &str = "segops";

/// Computes by SQL and by analyses. It holds no workspace, which may end.
#[derive(Debug)]
pub(crate) struct Computer(pub(crate) WeakApp);

impl Computing for Computer {
    fn result(
        &self,
        engine: &Engine,
        definition: &ResultDefinition,
        work: &Work,
    ) -> Result<ComputedResult, NotComputed> {
        // Who has let go of the workspace waits for nothing.
        let app = self.0.upgrade().ok_or(NotComputed::Cancelled)?;
        match definition {
            ResultDefinition::Query { sql } => query(&app, engine, sql, work),
            ResultDefinition::Alike { segment, count } => {
                let alike = Alike {
                    segment: segment.to_string(),
                    count: *count,
                    window: Window::AllTime,
                    dimensions: Vec::new(),
                };
                let found = find_alike(engine, &alike, app.limits(), work);
                let (as_of, position, answer) = found.map_err(of_analysis)?;
                let (named, features) = told(answer);
                Ok(ComputedResult { position, as_of, named, features })
            }
        }
    }

    fn look(&self, engine: &Engine, alarm: &AlarmState, work: &Work) -> Result<AlarmFinding, NotComputed> {
        let app = self.0.upgrade().ok_or(NotComputed::Cancelled)?;
        look(&app, engine, alarm, work)
    }
}

fn query(app: &App, engine: &Engine, text: &str, work: &Work) -> Result<ComputedResult, NotComputed> {
    let sql = app.sql().map_err(|problem| NotComputed::Failed(problem.detail))?;
    let query =
        Query { text: text.to_owned(), parameters: Vec::new(), seconds: None, asker: ASKER.to_owned() };
    let begun = |id| {
        let sql = sql.clone();
        // It may have ended by itself.
        work.when_cancelled(move || {
            let _ = sql.cancel(id);
        });
    };
    let named =
        sql.profile_ids(query, opener(engine), RESULT_MEMBERS_MAX, begun).map_err(|error| of_sql(&error))?;
    let profiles = NamedProfile::plain_all(named.profiles);
    Ok(ComputedResult { position: named.position, as_of: named.at, named: profiles, features: Vec::new() })
}

pub(crate) fn of_sql(error: &SqlError) -> NotComputed {
    match (error, error.place()) {
        (SqlError::Cancelled, _) => NotComputed::Cancelled,
        (_, Some(place)) => {
            NotComputed::Failed(format!("line {}, column {}: {error}", place.line, place.column))
        }
        (_, None) => NotComputed::Failed(error.to_string()),
    }
}

pub(crate) fn of_analysis(failure: AnalysisFailure) -> NotComputed {
    match failure {
        AnalysisFailure::Analysis(AnalysisError::Cancelled)
        | AnalysisFailure::Engine(segops_engine::EngineError::Cancelled(_)) => NotComputed::Cancelled,
        AnalysisFailure::Rule(problems) | AnalysisFailure::Analysis(AnalysisError::Definition(problems)) => {
            let told: Vec<String> = problems
                .iter()
                .map(|problem| match &problem.expected {
                    Some(expected) => format!("{}; expected {expected}", problem.message),
                    None => problem.message.clone(),
                })
                .collect();
            NotComputed::Failed(told.join("; "))
        }
        other => NotComputed::Failed(other.to_string()),
    }
}

/// Whom likeness names, and what was looked at: first what a profile has, then the same as what it has not.
fn told(answer: AlikeAnswer) -> (Vec<NamedProfile>, Vec<String>) {
    let names: Vec<String> = answer.features.into_iter().map(|feature| feature.feature).collect();
    let half = names.len();
    let absent = names.iter().map(|name| format!("not {name}")).collect::<Vec<_>>();
    let named = answer.profiles.into_iter().map(|one| NamedProfile {
        profile: one.profile,
        likeness: Some(one.likeness),
        reasons: one
            .reasons
            .iter()
            .filter_map(|reason| {
                let number = reason.feature + if reason.is_absent { half } else { 0 };
                Some((u32::try_from(number).ok()?, reason.adds))
            })
            .collect(),
    });
    (named.collect(), names.into_iter().chain(absent).collect())
}
