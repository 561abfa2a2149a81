//! Asks the questions of a workspace, each several times, and says the answers in the form in which SQL gives them.

use std::path::Path;

use anyhow::{Context, Result, bail};
use segops_engine::{Engine, EventsAsked, Work};
use segops_model::Limits;
use segops_query::{Analysis, Answer, Group, NoSegments, Population, Setting, Unwatched, analyse};
use serde::{Deserialize, Serialize};

use crate::stopwatch::Stopwatch;

/// A question, as the file of questions has it. SQL is for others.
#[derive(Debug, Deserialize)]
pub(crate) struct Question {
    pub(crate) name: String,
    /// A rule, whose members are counted.
    pub(crate) rule: Option<String>,
    /// An analysis as JSON.
    pub(crate) analysis: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Questions {
    question: Vec<Question>,
}

/// What came of one question.
#[derive(Debug, Serialize)]
pub(crate) struct Asked {
    name: String,
    answer: Vec<Vec<String>>,
    times_ms: Vec<f64>,
}

pub(crate) fn read(path: &Path) -> Result<Vec<Question>> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let questions: Questions = toml::from_str(&text).with_context(|| format!("{}", path.display()))?;
    Ok(questions.question)
}

/// Asks every question whose name has `only` in it, `times` times after once to warm the files.
pub(crate) fn ask(engine: &Engine, questions: &[Question], only: &str, times: usize) -> Result<Vec<Asked>> {
    let mut asked = Vec::new();
    for question in questions.iter().filter(|question| question.name.contains(only)) {
        let mut answer = once(engine, question)?;
        let mut times_ms = Vec::with_capacity(times);
        for _ in 0..times {
            let watch = Stopwatch::start();
            let again = once(engine, question)?;
            times_ms.push(watch.ms());
            if again != answer {
                bail!("{} is answered differently when it is asked again", question.name);
            }
        }
        answer.sort();
        eprintln!("{:<28} {:>9.1} ms", question.name, median(&times_ms));
        asked.push(Asked { name: question.name.clone(), answer, times_ms });
    }
    Ok(asked)
}

fn once(engine: &Engine, question: &Question) -> Result<Vec<Vec<String>>> {
    let work = Work::new();
    if let Some(text) = &question.rule {
        let rule = segops_rules::parse(text).map_err(|problems| anyhow::anyhow!("{text}: {problems:?}"))?;
        let preview = engine.preview(&rule, None, 10, &work)?;
        return Ok(vec![vec![preview.counts.total.to_string()]]);
    }
    let json = question.analysis.as_ref().with_context(|| format!("{} asks nothing", question.name))?;
    let analysis: Analysis = serde_json::from_str(json).with_context(|| question.name.clone())?;
    let ground = engine.ground()?;
    let setting = Setting {
        snapshot: &ground.snapshot,
        names: &ground.names,
        segments: &NoSegments,
        calendar: &ground.calendar,
        now: ground.now,
        population: &Population::default(),
        watcher: &Unwatched,
        limits: &Limits::default(),
    };
    Ok(table_of(analyse(&analysis, &setting)?))
}

/// What is not 0, row by row.
fn table_of(answer: Answer) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    let mut put = |cells: Vec<String>, number: String| {
        if number != "0" {
            rows.push(cells.into_iter().chain([number]).collect());
        }
    };
    match answer {
        Answer::Funnel(funnel) => {
            for count in funnel.rows.iter().flat_map(|row| &row.steps) {
                put(vec![count.step.to_string()], count.customers.to_string());
            }
        }
        Answer::Retention(retention) => {
            for cohort in &retention.cohorts {
                for cell in &cohort.periods {
                    let month = cohort.start.to_string().chars().take(7).collect();
                    put(vec![month, cell.period.to_string()], cell.retained.to_string());
                }
            }
        }
        Answer::Trend(trend) => {
            // SQL gives the groups, and not their sum.
            for row in trend.rows.iter().filter(|row| row.group != Group::All) {
                let group = match &row.group {
                    Group::Value(value) => value.clone(),
                    other => format!("{other:?}").to_lowercase(),
                };
                for (bucket, value) in trend.buckets.iter().zip(&row.values) {
                    let day = bucket.start.to_string().chars().take(10).collect();
                    put(
                        vec![group.clone(), day],
                        value.map_or_else(|| "0".to_owned(), |value| value.to_string()),
                    );
                }
            }
        }
        _ => {}
    }
    rows
}

/// How many of a profile's newest events are asked for.
const NEWEST_EVENTS: usize = 100;

/// How long the newest events of one profile take, of many profiles, each once.
#[derive(Debug, Serialize)]
pub(crate) struct Newest {
    profiles: usize,
    median_ms: f64,
    p99_ms: f64,
    max_ms: f64,
}

/// Asks for the newest 100 events of so many customers, spread over all of them.
pub(crate) fn newest(engine: &Engine, profiles: u64, customers: u64) -> Result<Newest> {
    let mut times_ms = Vec::new();
    for number in 0..profiles {
        let customer = number * (customers / profiles.max(1)).max(1);
        let identifier = segops_model::Identifier::new("user_id", crate::wire::user_id(customer));
        let Some(profile) = engine.find_profile(&identifier) else { continue };
        let asked =
            EventsAsked { profile, before: None, names: Vec::new(), limit: NEWEST_EVENTS, derived: false };
        let watch = Stopwatch::start();
        engine.profile_events(&asked)?;
        times_ms.push(watch.ms());
    }
    times_ms.sort_by(f64::total_cmp);
    let at =
        |share: usize| times_ms.get((times_ms.len() * share / 100).min(times_ms.len().saturating_sub(1)));
    let at = |share| at(share).copied().unwrap_or_default();
    Ok(Newest { profiles: times_ms.len(), median_ms: at(50), p99_ms: at(99), max_ms: at(100) })
}

pub(crate) fn median(times_ms: &[f64]) -> f64 {
    let mut sorted = times_ms.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or_default()
}
