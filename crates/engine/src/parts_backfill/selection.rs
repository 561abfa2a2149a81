//! Whom rules select, as sets of profiles.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use roaring::RoaringTreemap;

use segops_model::{ConsentChannel, Instant, Position, ProfileId};
use segops_parts::{Bucket, side_by_side};
use segops_segment::{HistoryRequest, Verdict, reaches};

use super::reader::{Extent, Reader, Reads, empty};
use super::vectorized::Blockwise;
use super::{PartsBackfill, STEP_PROFILES};
use crate::rebuild::{Plan, RebuildError, RecordedEnvironment, rebuild};
use crate::view::{Counts, Member};

/// Profiles that are held before they go into a set at once.
const HELD_PROFILES: usize = 4_096;

/// Who holds the questions of a plan.
#[derive(Debug, Default)]
pub(crate) struct Selection {
    /// For each question, in order.
    pub(crate) members: Vec<RoaringTreemap>,
    /// The first members of the last question, each with the next instant at which its verdict can change.
    shown: Vec<(ProfileId, Option<Instant>)>,
    /// Who was asked about, where those who were not are members of anything.
    seen: RoaringTreemap,
    shown_max: usize,
}

/// Profiles in ascending order, on their way into a set.
#[derive(Debug, Default)]
pub(super) struct Ascending {
    set: RoaringTreemap,
    newest: Vec<u64>,
}

impl Ascending {
    pub(super) fn push(&mut self, profile: ProfileId) {
        if self.newest.len() == self.newest.capacity() && !self.newest.is_empty() {
            self.settle();
        }
        if self.newest.capacity() == 0 {
            self.newest.reserve_exact(HELD_PROFILES);
        }
        self.newest.push(profile.0);
    }

    fn settle(&mut self) {
        // One that is not behind all others still gets in.
        if self.set.append(self.newest.iter().copied()).is_err() {
            self.set.extend(self.newest.iter().copied());
        }
        self.newest.clear();
    }

    fn into_set(mut self) -> RoaringTreemap {
        self.settle();
        self.set
    }
}

impl Selection {
    fn new(questions: usize, shown_max: usize) -> Self {
        Self { members: vec![RoaringTreemap::new(); questions], shown_max, ..Self::default() }
    }

    fn add(&mut self, profile: ProfileId, verdicts: &[Verdict]) {
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
pub(super) struct Asked<'a> {
    pub(super) plan: &'a Plan,
    pub(super) environment: &'a RecordedEnvironment,
    pub(super) request: HistoryRequest<'a>,
    pub(super) shown_max: usize,
    /// Whether it has to be known who was asked about.
    pub(super) needs_seen: bool,
}

/// Who was found to hold questions, on the way.
pub(super) struct Finding {
    /// Of each question; none for those that everyone holds, which are known without a look at anyone.
    pub(super) members: Vec<Option<Ascending>>,
    pub(super) seen: Ascending,
    pub(super) shown: Vec<(ProfileId, Option<Instant>)>,
    shown_max: usize,
}

impl Finding {
    fn new(asked: &Asked<'_>) -> Self {
        let members = asked.plan.of_everyone().map(|all| (!all).then(Ascending::default)).collect();
        Self { members, seen: Ascending::default(), shown: Vec::new(), shown_max: asked.shown_max }
    }

    pub(super) fn may_show_more(&self) -> bool {
        self.shown.len() < self.shown_max
    }

    fn into_selection(self) -> Selection {
        let Self { members, seen, shown, shown_max } = self;
        let members = members.into_iter().map(|members| members.unwrap_or_default().into_set()).collect();
        Selection { members, shown, seen: seen.into_set(), shown_max }
    }
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
        let all = &self.records.groups.all;
        let of_everyone: Vec<bool> = plan.of_everyone().collect();
        let mut verdicts = Vec::new();
        plan.decide(&empty(), environment, &BTreeMap::new(), at, &mut verdicts);
        let needs_seen = verdicts.iter().zip(&of_everyone).any(|(verdict, all)| verdict.member && !all);
        let asked = Asked { plan, environment, request, shown_max, needs_seen };
        for found in self.ask_side_by_side(&asked)? {
            selection.join(found);
        }
        if needs_seen {
            selection.add_others(&(all - &selection.seen), &verdicts);
        }
        for (members, _) in selection.members.iter_mut().zip(of_everyone).filter(|(_, all)| *all) {
            members.clone_from(all);
        }
        selection.show_first();
        self.work.reach(all.len())?;
        Ok(selection)
    }

    /// A selection of each bucket of profiles.
    fn ask_side_by_side(&self, asked: &Asked<'_>) -> Result<Vec<Selection>, RebuildError> {
        self.work.set_total(self.records.groups.all.len());
        let done = AtomicU64::new(0);
        side_by_side(self.snapshot.buckets(), |bucket| self.ask_about(bucket, asked, &done))
    }

    /// Everyone in a bucket of whom there is anything.
    fn ask_about(
        &self,
        bucket: Option<Bucket>,
        asked: &Asked<'_>,
        done: &AtomicU64,
    ) -> Result<Selection, RebuildError> {
        let Asked { plan, environment, request, needs_seen, .. } = *asked;
        let extent = Extent { bucket, back_to: plan.looks_back_to(request.at) };
        let mut finding = Finding::new(asked);
        let mut reached = |profiles: u64| {
            let done = done.fetch_add(profiles, Ordering::Relaxed) + profiles;
            Ok(self.work.reach(done)?)
        };
        let reads = Reads::of(&self.snapshot, &request, &extent);
        if reads.whole.is_empty()
            && let Some(questions) = plan.vectorized(request.at)
        {
            let blockwise = Blockwise::open(&self.snapshot, asked, &questions, reads.named)?;
            blockwise.find(&mut finding, &mut reached)?;
            return Ok(finding.into_selection());
        }
        let mut reader = Reader::open(self, &request, &extent)?;
        let mut answers = Vec::with_capacity(plan.len());
        let mut since_look = 0;
        while let Some(profile) = reader.next_profile()? {
            since_look += 1;
            if since_look == STEP_PROFILES {
                reached(since_look)?;
                since_look = 0;
            }
            let history = reader.read(profile, &[])?;
            plan.select(history, environment, request.at, &mut answers);
            for (members, _) in finding.members.iter_mut().zip(&answers).filter(|(_, is_member)| **is_member)
            {
                members.iter_mut().for_each(|members| members.push(profile));
            }
            if needs_seen {
                finding.seen.push(profile);
            }
            if answers.last() == Some(&true) && finding.may_show_more() {
                let next_change = plan.next_change(history, environment, request.at, &answers);
                finding.shown.push((profile, next_change));
            }
        }
        Ok(finding.into_selection())
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
