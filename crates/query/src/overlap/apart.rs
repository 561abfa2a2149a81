//! What sets a segment apart: what its members have, or did, more or less often than everyone else.

use rustc_hash::FxHashSet;
use segops_model::DAY_MS;
use segops_rules::{EventFilter, Problem, Resolved, Subject, Window};
use serde::{Deserialize, Serialize};

use crate::as_rule::orders;
use crate::check::{Checker, Range};
use crate::error::AnalysisError;
use crate::event_definition::EventDefinition;
use crate::features::{Contrast, Feature, Table, adjust};
use crate::groups::{Dimension, Reader};
use crate::predictors::{discovered, said};
use crate::setting::{ProfileSet, Setting};
use crate::walk::{Profile, Reading, Row, Signal, Visitor, walk};

const FEATURES_MAX: usize = 500;
/// Event names that are looked at: the first by name.
const EVENTS_MAX: usize = 60;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Apart {
    pub segment: String,
    /// When events and orders count.
    #[serde(default = "all_time")]
    pub window: Window,
    /// What is looked at beside which events profiles did; none: every property of orders and of their lines, and
    /// every trait.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dimensions: Vec<Dimension>,
}

const fn all_time() -> Window {
    Window::AllTime
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ApartAnswer {
    pub members: u64,
    pub others: u64,
    /// The strongest evidence first. `with` are the members: how many of them have the feature.
    pub features: Vec<ApartFeature>,
    pub warnings: Vec<Problem>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ApartFeature {
    pub feature: Feature,
    pub contrast: Contrast,
    pub sentence: String,
}

/// What is known of profiles: what each of them has, did, and whether it is a member.
pub(super) struct Known {
    pub(super) table: Table,
    /// The profiles' ids, in the order of the table's units.
    pub(super) profiles: Vec<u64>,
    pub(super) habits: Vec<Habits>,
    pub(super) warnings: Vec<Problem>,
}

/// How a profile buys: numbers that features are bands of.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Habits {
    pub(super) orders: i64,
    /// Whole days since the newest order.
    pub(super) days_since: Option<i64>,
    /// What was spent, in whole units of its one currency.
    pub(super) spent: Option<i64>,
}

/// # Errors
/// Something is wrong with the definition, or history can't be read.
pub(crate) fn run(apart: &Apart, setting: &Setting<'_>) -> Result<ApartAnswer, AnalysisError> {
    let Known { table, warnings, .. } = gather(apart, setting)?;
    let chosen = table.chosen(FEATURES_MAX);
    let (counts, all) = chosen.counts();
    let rows = chosen.features.iter().zip(counts).map(|((_, feature), (in_segment, everywhere))| {
        let contrast = Contrast::new((in_segment, all.0), (everywhere - in_segment, all.1 - all.0));
        ApartFeature { feature: feature.clone(), contrast, sentence: String::new() }
    });
    let mut rows: Vec<ApartFeature> = rows.collect();
    adjust(rows.iter_mut().map(|row| &mut row.contrast));
    rows.sort_by(|left, right| left.contrast.p.total_cmp(&right.contrast.p));
    rows.iter_mut().for_each(|row| row.sentence = say(row, &apart.segment));
    Ok(ApartAnswer { members: all.0, others: all.1 - all.0, features: rows, warnings })
}

/// Goes through history once, and gathers what everyone has.
///
/// # Errors
/// As [`run`].
pub(super) fn gather(apart: &Apart, setting: &Setting<'_>) -> Result<Known, AnalysisError> {
    let mut checker = Checker::new(setting);
    checker.segment(&apart.segment, "segment");
    let order = checker.event(&EventDefinition::Tree(orders()), "dimensions");
    for (at, by) in apart.dimensions.iter().enumerate() {
        by.check(&mut checker, &order.iter().collect::<Vec<_>>(), &format!("dimensions[{at}]"));
    }
    let range = checker.range(&apart.window, "window");
    let warnings = checker.finish()?;
    let Some(order) = order else { return Err(AnalysisError::Definition(warnings)) };
    let dimensions = if apart.dimensions.is_empty() { discovered(setting) } else { apart.dimensions.clone() };
    let names: Vec<String> =
        setting.snapshot.names().into_iter().filter(|name| !name.is_empty()).take(EVENTS_MAX).collect();
    let mut gather = Gather {
        range,
        members: setting.segments.members(&apart.segment).unwrap_or_default(),
        readers: dimensions.iter().map(|by| by.reader(setting, &[&order])).collect(),
        dimensions: &dimensions,
        names: &names,
        did: 0,
        table: Table::default(),
        profiles: Vec::new(),
        habits: Vec::new(),
        max: setting.limits.analysis_customers_max,
    };
    walk(setting, &reading(&names, &dimensions, range), &mut gather)?;
    let Gather { table, profiles, habits, .. } = gather;
    Ok(Known { table, profiles, habits, warnings })
}

fn reading(names: &[String], dimensions: &[Dimension], range: Range) -> Reading {
    let signal = |name: &String| Signal {
        filter: EventFilter::<Resolved> {
            subject: Subject::Events,
            derived: None,
            name: Some(name.clone()),
            predicate: None,
            sources: Vec::new(),
        },
        paths: Vec::new(),
    };
    Reading {
        signals: names.iter().map(signal).collect(),
        range,
        orders: true,
        traits: dimensions.iter().any(Dimension::needs_traits),
    }
}

struct Gather<'a> {
    range: Range,
    members: ProfileSet,
    readers: Vec<Reader>,
    dimensions: &'a [Dimension],
    names: &'a [String],
    /// The events that the profile did, as bits.
    did: u64,
    table: Table,
    profiles: Vec<u64>,
    habits: Vec<Habits>,
    max: usize,
}

impl Visitor for Gather<'_> {
    fn begin(&mut self, _: &Profile) -> Result<(), AnalysisError> {
        self.did = 0;
        Ok(())
    }

    fn row(&mut self, _: &Profile, row: &Row<'_>) -> Result<(), AnalysisError> {
        self.did |= row.signals;
        Ok(())
    }

    fn end(&mut self, profile: &Profile) -> Result<(), AnalysisError> {
        if self.table.len() >= self.max {
            return Err(AnalysisError::Limit {
                what: "profiles",
                max: self.max,
                advice: "run the analysis for a segment",
            });
        }
        let names = self.names.iter().enumerate().filter(|(at, _)| self.did & (1 << at) != 0);
        let mut features: Vec<(usize, String, Feature)> = names
            .map(|(at, name)| (self.dimensions.len() + at, String::new(), Feature::Did(name.clone())))
            .collect();
        let mut seen: FxHashSet<(usize, String)> = FxHashSet::default();
        for (at, (reader, by)) in self.readers.iter().zip(self.dimensions).enumerate() {
            let mut add = |groups: Vec<(String, crate::groups::Group)>| {
                for (key, group) in groups {
                    // Without a value there is nothing to have.
                    if group != crate::groups::Group::Missing && seen.insert((at, key.clone())) {
                        features.push((at, key, Feature::Value { by: by.clone(), group }));
                    }
                }
            };
            if matches!(reader, Reader::Property(_)) {
                let orders = profile.counted_orders().filter(|order| self.range.holds(order.at.ts));
                orders.for_each(|order| add(reader.groups(profile, 0, &order.event, order.at.ts)));
            } else {
                let at = self.range.until.plus_ms(-1);
                add(reader.groups(profile, 0, &nothing(), at));
            }
        }
        let is_member = self.members.contains(profile.id.0);
        self.table.add(features.into_iter(), is_member);
        self.profiles.push(profile.id.0);
        self.habits.push(self.habits_of(profile));
        Ok(())
    }
}

impl Gather<'_> {
    fn habits_of(&self, profile: &Profile) -> Habits {
        let (mut orders, mut newest, mut spent) = (0, None, 0_i128);
        let mut currencies: FxHashSet<&str> = FxHashSet::default();
        for order in profile.counted_orders().filter(|order| self.range.holds(order.at.ts)) {
            orders += 1;
            newest = newest.max(Some(order.at.ts));
            spent += order.net.billionths();
            currencies.extend(order.currency.as_deref());
        }
        let days_since = newest.map(|newest| self.range.until.ms_since(newest).div_euclid(DAY_MS));
        let is_one = orders > 0 && currencies.len() <= 1;
        let spent = is_one.then(|| i64::try_from(spent.div_euclid(1_000_000_000)).unwrap_or(i64::MAX));
        Habits { orders, days_since, spent }
    }
}

/// An event with nothing in it, for what is of profiles.
fn nothing() -> segops_model::Event {
    use segops_model::{Event, EventKind, Instant, Object, SourceId};
    Event {
        message_id: compact_str::CompactString::default(),
        source: SourceId(0),
        kind: EventKind::Track,
        name: compact_str::CompactString::default(),
        ts: Instant::default(),
        received_at: Instant::default(),
        clamped: false,
        identifiers: Vec::new(),
        properties: Object::new(),
        traits: Object::new(),
        group_traits: Object::new(),
        context: Object::new(),
    }
}

fn say(row: &ApartFeature, segment: &str) -> String {
    let contrast = &row.contrast;
    format!(
        "{}: {:.1}% of {segment}, and {:.1}% of everyone else ({:+.1} points, 95% interval {:+.1} to {:+.1}).",
        said(&row.feature),
        contrast.share_with * 100.0,
        contrast.share_without * 100.0,
        contrast.difference.estimate * 100.0,
        contrast.difference.low * 100.0,
        contrast.difference.high * 100.0,
    )
}
