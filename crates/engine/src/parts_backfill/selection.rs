//! Whom rules select, as sets of profiles.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use roaring::RoaringTreemap;

use segops_model::{ConsentChannel, Instant, Position, ProfileId};
use segops_parts::Bucket;
use segops_segment::{HistoryRequest, RankingKey, RankingThreshold, Verdict, reaches};

use super::reader::{Extent, Reader, empty};
use super::{PartsBackfill, STEP_PROFILES};
use crate::rebuild::{Plan, RebuildError, RecordedEnvironment, rebuild};
use crate::view::{Counts, Member};

/// Who holds the questions of a plan.
#[derive(Debug, Default)]
pub(crate) struct Selection {
    /// For each question, in order.
    pub(crate) members: Vec<RoaringTreemap>,
    /// The first members of the last question, each with the next instant at which its verdict can change.
    shown: Vec<(ProfileId, Option<Instant>)>,
    /// Who was asked about.
    seen: RoaringTreemap,
    shown_max: usize,
}

impl Selection {
    fn new(questions: usize, shown_max: usize) -> Self {
        Self { members: vec![RoaringTreemap::new(); questions], shown_max, ..Self::default() }
    }

    fn add(&mut self, profile: ProfileId, verdicts: &[Verdict]) {
        self.seen.insert(profile.0);
        for (members, verdict) in self.members.iter_mut().zip(verdicts) {
            if verdict.member {
                members.insert(profile.0);
            }
        }
        if let Some(verdict) = verdicts.last()
            && verdict.member
            && self.shown.len() < self.shown_max
        {
            self.shown.push((profile, verdict.next_change));
        }
    }

    /// Everyone of whom there was nothing to ask about: all have the same verdicts.
    fn add_others(&mut self, others: &RoaringTreemap, verdicts: &[Verdict]) {
        for (members, verdict) in self.members.iter_mut().zip(verdicts) {
            if verdict.member {
                *members |= others;
            }
        }
        if let Some(verdict) = verdicts.last().filter(|verdict| verdict.member) {
            let others = others.iter().take(self.shown_max);
            self.shown.extend(others.map(|profile| (ProfileId(profile), verdict.next_change)));
        }
    }

    fn join(&mut self, other: Self) {
        for (members, others) in self.members.iter_mut().zip(other.members) {
            *members |= others;
        }
        self.seen |= other.seen;
        self.shown.extend(other.shown);
    }

    fn show_first(&mut self) {
        self.shown.sort_unstable();
        self.shown.truncate(self.shown_max);
    }
}

/// What is asked about profiles.
#[derive(Clone, Copy)]
struct Asked<'a> {
    plan: &'a Plan,
    environment: &'a RecordedEnvironment,
    thresholds: &'a BTreeMap<RankingKey, RankingThreshold>,
    request: HistoryRequest<'a>,
    shown_max: usize,
}

impl PartsBackfill<'_> {
    /// Asks every question of the plan about every profile, and shows some of the last one's members.
    ///
    /// # Errors
    /// The history cannot be read, or the work was cancelled.
    pub(crate) fn select(
        &self,
        plan: &Plan,
        environment: &RecordedEnvironment,
        until: Position,
        at: Instant,
        shown_max: usize,
    ) -> Result<Selection, RebuildError> {
        let mut selection = Selection::new(plan.len(), shown_max);
        // Of an earlier instant it has to be known who was there by then.
        if !plan.reads_matches_alone() || at < self.records.instant {
            rebuild(self, plan, environment, until, at, |answer| {
                selection.add(answer.history.profile, answer.verdicts);
            })?;
            return Ok(selection);
        }
        let (trait_roots, scores, results) = (plan.trait_roots(), plan.scores(), plan.results());
        let request = HistoryRequest {
            until,
            at,
            signals: plan.signals(),
            trait_roots: &trait_roots,
            scores: &scores,
            results: &results,
        };
        let thresholds = BTreeMap::new();
        let asked = Asked { plan, environment, thresholds: &thresholds, request, shown_max };
        for found in self.ask_side_by_side(&asked)? {
            selection.join(found);
        }
        let all = &self.records.groups.all;
        let mut verdicts = Vec::new();
        plan.decide(&empty(), environment, &thresholds, at, &mut verdicts);
        let others = all - &selection.seen;
        selection.add_others(&others, &verdicts);
        selection.show_first();
        self.work.reach(all.len())?;
        Ok(selection)
    }

    /// As many threads as there are processors, each with one bucket of profiles after the other.
    fn ask_side_by_side(&self, asked: &Asked<'_>) -> Result<Vec<Selection>, RebuildError> {
        let of = self.snapshot.buckets();
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let threads = threads.min(usize::try_from(of).unwrap_or(threads));
        let (next, done) = (AtomicU32::new(0), AtomicU64::new(0));
        self.work.set_total(self.records.groups.all.len());
        let ask = || {
            let mut found = Vec::new();
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= of {
                    return Ok(found);
                }
                found.push(self.ask_about((of > 1).then_some(Bucket { number, of }), asked, &done)?);
            }
        };
        if threads <= 1 {
            return ask();
        }
        std::thread::scope(|scope| {
            let workers: Vec<_> = (0..threads).map(|_| scope.spawn(ask)).collect();
            let mut found = Vec::new();
            for worker in workers {
                match worker.join() {
                    Ok(of_worker) => found.extend(of_worker?),
                    Err(panic) => std::panic::resume_unwind(panic),
                }
            }
            Ok(found)
        })
    }

    /// Everyone in a bucket of whom there is anything.
    fn ask_about(
        &self,
        bucket: Option<Bucket>,
        asked: &Asked<'_>,
        done: &AtomicU64,
    ) -> Result<Selection, RebuildError> {
        let Asked { plan, environment, thresholds, request, shown_max } = *asked;
        let extent = Extent { bucket, back_to: plan.looks_back_to(request.at) };
        let mut reader = Reader::open(self, &request, &extent)?;
        let mut selection = Selection::new(plan.len(), shown_max);
        let mut verdicts = Vec::with_capacity(plan.len());
        let mut since_look = 0;
        while let Some(profile) = reader.next_profile()? {
            since_look += 1;
            if since_look == STEP_PROFILES {
                let done = done.fetch_add(since_look, Ordering::Relaxed) + since_look;
                self.work.reach(done)?;
                since_look = 0;
            }
            let history = reader.read(profile, &[])?;
            plan.decide(history, environment, thresholds, request.at, &mut verdicts);
            selection.add(profile, &verdicts);
        }
        Ok(selection)
    }

    /// How many there are of some profiles, and how many of them can be reached at an instant.
    pub(crate) fn counts_of(&self, profiles: &RoaringTreemap, at: Instant) -> Counts {
        let (groups, consents) = (&self.records.groups, &self.records.consents);
        let mut counts = Counts {
            total: profiles.len(),
            identified: profiles.intersection_len(&groups.identified),
            ..Counts::default()
        };
        if consents.is_empty() {
            // Without anything said, an address alone decides.
            counts.reachable_email = profiles.intersection_len(&groups.reachable_email);
            counts.reachable_sms = profiles.intersection_len(&groups.reachable_sms);
            return counts;
        }
        for profile in profiles {
            let Some(record) = self.records.profiles.get(&ProfileId(profile)) else { continue };
            let reaches = |channel| {
                let said = |channel, identifier: &_| consents.get(&(channel, Clone::clone(identifier)));
                reaches(channel, &record.identifiers, said, at)
            };
            counts.reachable_email += u64::from(reaches(ConsentChannel::Email));
            counts.reachable_sms += u64::from(reaches(ConsentChannel::Sms));
        }
        counts
    }

    /// The shown members, with what identifies them.
    pub(crate) fn shown_of(
        &self,
        selection: &Selection,
        member: impl Fn(ProfileId, Option<Instant>, Vec<segops_model::Identifier>) -> Member,
    ) -> Vec<Member> {
        let shown = selection.shown.iter().map(|(profile, next_change)| {
            let record = self.records.profiles.get(profile);
            let identifiers = record.map(|record| record.identifiers.clone()).unwrap_or_default();
            member(*profile, *next_change, identifiers)
        });
        shown.collect()
    }
}
