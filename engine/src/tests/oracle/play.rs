//! One history, played to the engine and told to the oracle.

use std::collections::BTreeSet;

use jiff::tz::TimeZone;
use jiff::{Span, civil};
use serde_json::{Value as Json, json};

use segops_model::{Event, Identifier, Instant, SourceId, SplitId, TransitionId};
use segops_oracle::{Calendar, Oracle, ProductFact};
use segops_rules::{Named, Rule, parse};

use super::Tallies;
use super::history::{History, Step, When};
use super::rules::Sample;
use crate::settings::Settings;
use crate::shell::Held;
use crate::tests::world::{AUTHOR, World, instant};
use crate::work::Work;

type Members = BTreeSet<BTreeSet<Identifier>>;

/// When a comparison comes right after one a millisecond before it.
const AT_A_CHANGE: &str = "at a change";
/// Profiles that a question may list.
const EVERYONE: usize = 1_000;

struct Player<'a> {
    world: World,
    oracle: Oracle,
    first_day: civil::Date,
    shop: SourceId,
    kiosk: SourceId,
    heard: Vec<Event>,
    segments: Vec<Segment>,
    /// Splits that took effect, and the oracle's bar of each.
    splits: Vec<(SplitId, usize)>,
    /// The newest transition that the oracle has been asked about.
    told: Option<TransitionId>,
    tallies: &'a mut Tallies,
}

struct Segment {
    name: String,
    family: &'static str,
    text: String,
    rule: Rule<Named>,
    before: Option<Members>,
}

/// Plays a history; the first disagreement ends it.
pub(super) fn play(history: &History, tallies: &mut Tallies) -> Result<(), String> {
    let place = &history.place;
    let zone = TimeZone::get(place.zone).expect("a zone");
    let week_start = serde_json::from_value(json!(place.week_start)).expect("a weekday");
    let world = World::starting(instant(place.starts_at));
    let settings = Settings { time_zone: place.zone.to_owned(), week_start, ..Settings::default() };
    world.engine.change_settings(AUTHOR, settings).expect("settings");
    let first_day = zone.to_datetime(world.now().to_jiff()).date();
    let shop = world.engine.find_source("Shop").expect("a source").id;
    let kiosk = world.engine.create_source(AUTHOR, "Kiosk", None).expect("a source").id;
    let mut oracle = Oracle::new(Calendar { zone, week_start });
    oracle.sources = [("Shop".to_owned(), shop), ("Kiosk".to_owned(), kiosk)].into();
    let (heard, segments, splits, told) = (Vec::new(), Vec::new(), Vec::new(), None);
    let mut player = Player { world, oracle, first_day, shop, kiosk, heard, segments, splits, told, tallies };
    for rule in &history.rules {
        player.create(rule);
    }
    for step in &history.steps {
        player.step(step)?;
        player.rank();
    }
    player.compare("at the end")
}

impl Player<'_> {
    fn step(&mut self, step: &Step) -> Result<(), String> {
        match step {
            Step::Send { item, when, repeats, from_kiosk } => {
                self.send(item.clone(), when, *repeats, *from_kiosk);
                Ok(())
            }
            Step::PassMs(ms) => {
                self.compare("before time passes")?;
                self.world.pass_ms(*ms);
                self.rank();
                self.write_down(false);
                self.compare("after time has passed")
            }
            Step::ToEdge { event, after_ms, just_before } => {
                let Some(event) = self.earlier(*event) else { return Ok(()) };
                let edge = event.ts.plus_ms(*after_ms - i64::from(*just_before));
                self.pass_to(edge);
                self.compare("near an edge")
            }
            Step::ToNextDue => {
                self.compare("before the next change")?;
                let Some(due) = self.world.engine.status().next_timer_at else { return Ok(()) };
                self.pass_to(due.plus_ms(-1));
                self.compare("one millisecond before a change")?;
                self.pass_to(due);
                self.compare(AT_A_CHANGE)
            }
            Step::ChangeProduct { id, product, hours_ago } => {
                self.change_product(id, product.as_ref(), *hours_ago);
                self.compare("after a product has changed")
            }
            Step::Create(sample) => {
                self.create(sample);
                Ok(())
            }
            Step::Edit { segment, rule } => {
                self.edit(usize::from(*segment), rule);
                Ok(())
            }
            Step::Split { person, taken, meanwhile } => self.split(*person, *taken, meanwhile),
            Step::Lift { split } => {
                let split = self.splits.get(usize::from(*split) % self.splits.len().max(1)).copied();
                if let Some((split, bar)) = split
                    && self.world.engine.lift_bar(AUTHOR, split).is_ok()
                {
                    self.oracle.lift(bar);
                }
                Ok(())
            }
            Step::Delete { person } => {
                if let Some(identifier) = self.person(*person).and_then(|person| person.first().cloned()) {
                    let profile = self.world.engine.find_profile(&identifier).expect("a profile");
                    let deleted = self.world.engine.delete_profile(AUTHOR, profile).expect("deleted");
                    self.oracle.delete(&identifier, deleted.at);
                    self.learn_ids();
                }
                Ok(())
            }
            Step::LookBack { hours } => self.look_back(i64::from(*hours)),
            Step::Restart => {
                let placeholder = World::new();
                let world = std::mem::replace(&mut self.world, placeholder);
                self.world = world.restarted();
                Ok(())
            }
        }
    }

    /// Someone who has done anything, by the oracle.
    fn person(&self, number: u8) -> Option<BTreeSet<Identifier>> {
        let mut people = self.oracle.people();
        people.sort();
        people.get(usize::from(number) % people.len().max(1)).cloned()
    }

    fn split(&mut self, person: u8, taken: u8, meanwhile: &[Step]) -> Result<(), String> {
        let Some(person) = self.person(person) else { return Ok(()) };
        let profile = person.first().and_then(|one| self.world.engine.find_profile(one)).expect("a profile");
        let is_taken = |bit: &usize| taken >> (bit % 8) & 1 == 1;
        let taken: BTreeSet<_> =
            (0..).zip(person).filter(|(bit, _)| is_taken(bit)).map(|(_, identifier)| identifier).collect();
        let listed: Vec<_> = taken.iter().cloned().collect();
        self.world.hold(Held::Splits);
        // All of them, or none, is refused.
        let Ok(split) = self.world.engine.split_profile(AUTHOR, profile, &listed) else { return Ok(()) };
        let attempt = self.world.attempt(split.id);
        for step in meanwhile {
            self.step(step)?;
        }
        if self.world.carry_out(split.id, attempt) {
            self.splits.push((split.id, self.oracle.split(&taken)));
            self.learn_ids();
        }
        self.world.release(Held::Splits);
        self.write_down(false);
        self.compare("after a split")
    }

    fn pass_to(&mut self, at: Instant) {
        let ahead = at.ms_since(self.world.now());
        if ahead > 0 {
            self.world.pass_ms(ahead);
            self.rank();
            self.write_down(false);
        }
    }

    /// Has the oracle write down who is in which segment: at each instant at which the engine says that
    /// anyone has moved, and now.
    fn write_down(&mut self, by_rule: bool) {
        let moved = self.world.engine.transitions(self.told, None, 10_000).expect("transitions");
        self.told = moved.last().map(|last| last.id).or(self.told);
        let instants: BTreeSet<Instant> = moved.iter().map(|one| one.at).collect();
        for at in instants.into_iter().chain([self.world.now()]) {
            self.oracle.record(at, by_rule);
        }
    }

    fn earlier(&self, event: u8) -> Option<&Event> {
        self.heard.get(usize::from(event) % self.heard.len().max(1))
    }

    fn send(&mut self, mut item: Json, when: &When, repeats: Option<u8>, from_kiosk: bool) {
        let ts = match when {
            When::Ago { ms } => self.world.now().plus_ms(-ms),
            When::SameAs { event } => self.earlier(*event).map_or(self.world.now(), |event| event.ts),
        };
        item["timestamp"] = json!(ts.to_string());
        if let Some(repeated) = repeats.and_then(|event| self.earlier(event)) {
            item["messageId"] = json!(repeated.message_id.as_str());
        }
        if let Some(ship_at) = item.pointer_mut("/properties/ship_at") {
            *ship_at = json!(dated(ship_at.as_str().unwrap_or_default(), self.first_day));
        }
        if let Some(renewal) = item.pointer_mut("/traits/renewal") {
            let dates = match renewal {
                Json::Array(dates) => dates.as_mut_slice(),
                one => std::slice::from_mut(one),
            };
            for date in dates {
                if let Some(text) = date.as_str() {
                    *date = json!(dated(text, self.first_day));
                }
            }
        }
        let source = if from_kiosk { self.kiosk } else { self.shop };
        let event = self.world.send_from(source, item);
        self.oracle.receive(&event, self.world.now());
        self.heard.push(event);
        self.learn_ids();
        self.write_down(false);
    }

    /// Tells the oracle the ids of profiles, which it draws samples from.
    fn learn_ids(&mut self) {
        let known: Vec<Identifier> = self.oracle.identifiers().cloned().collect();
        let named = known
            .into_iter()
            .filter_map(|identifier| Some((self.world.engine.find_profile(&identifier)?, identifier)));
        self.oracle.profiles = named.map(|(profile, identifier)| (identifier, profile)).collect();
        self.rank();
    }

    /// What the engine has ranked by now, the oracle ranks too.
    fn rank(&mut self) {
        let rules: Vec<&Rule<Named>> = self.segments.iter().map(|segment| &segment.rule).collect();
        self.oracle.rank(&rules, self.world.now());
    }

    fn change_product(&mut self, id: &str, product: Option<&Json>, hours_ago: i64) {
        let updated_at = self.world.now().plus_ms(-hours_ago * segops_model::HOUR_MS);
        let mut sent = product.cloned().unwrap_or_else(|| json!({"deleted": true}));
        sent["id"] = json!(id);
        sent["updated_at"] = json!(updated_at.to_string());
        let change = crate::product_change(sent, self.world.engine.limits()).expect("a product");
        let product = change.product.clone();
        let since = updated_at.min(self.world.now());
        self.oracle.products.push(ProductFact { id: id.to_owned(), since, product });
        self.world.engine.change_products(AUTHOR, vec![change]).expect("a change");
    }

    fn rule(&self, sample: &Sample) -> (String, Rule<Named>) {
        let text = dated(&sample.text, self.first_day);
        let rule = parse(&text).unwrap_or_else(|problems| panic!("{text}: {problems:#?}"));
        (text, rule)
    }

    /// A rule that is refused (for what it refers to) makes no segment.
    fn create(&mut self, sample: &Sample) {
        let (text, rule) = self.rule(sample);
        let name = format!("S{}", self.segments.len());
        let Ok((segment, _)) = self.world.engine.create_segment(AUTHOR, &name, &rule) else { return };
        self.world.engine.wait_primed(segment.id, &Work::new()).expect("primed");
        self.oracle.segments.insert(name.clone(), rule.clone());
        self.write_down(true);
        self.tallies.entry(sample.family).or_default().rules += 1;
        self.segments.push(Segment { name, family: sample.family, text, rule, before: None });
        self.rank();
    }

    fn edit(&mut self, at: usize, sample: &Sample) {
        let (text, rule) = self.rule(sample);
        let Some(segment) = self.segments.get_mut(at) else { return };
        let Ok((edited, _)) = self.world.engine.edit_segment(AUTHOR, &segment.name, None, &rule) else {
            return;
        };
        self.world.engine.wait_primed(edited.id, &Work::new()).expect("primed");
        self.oracle.segments.insert(segment.name.clone(), rule.clone());
        self.tallies.entry(sample.family).or_default().rules += 1;
        let name = segment.name.clone();
        *segment = Segment { name, family: sample.family, text, rule, before: None };
        self.rank();
        self.write_down(true);
    }

    /// Live, rebuilt and naive membership of every segment now.
    fn compare(&mut self, when: &str) -> Result<(), String> {
        let now = self.world.now();
        let report = self.world.engine.verify(&Work::new()).expect("a report");
        if report.differences > 0 || !report.profiles_agree {
            return Err(format!("{when}, {now}: live differs from rebuilt: {report:#?}"));
        }
        let everyone = self.oracle.count_at(now);
        if report.profiles != everyone as u64 {
            return Err(format!("{when}, {now}: {} profiles, and {everyone} by the oracle", report.profiles));
        }
        for segment in &mut self.segments {
            let found = self.world.engine.members(&segment.name, None, EVERYONE).expect("members");
            let live: Members =
                found.into_iter().map(|member| member.identifiers.into_iter().collect()).collect();
            let expected = self.oracle.members(&segment.rule, now);
            if live != expected {
                return Err(disagreement(when, now, &segment.text, &live, &expected));
            }
            let tally = self.tallies.entry(segment.family).or_default();
            tally.members += expected.len() as u64;
            tally.others += (everyone - expected.len()) as u64;
            if let Some(before) = &segment.before {
                let flips = before.symmetric_difference(&expected).count() as u64;
                tally.flips += flips;
                tally.timed += if when == AT_A_CHANGE { flips } else { 0 };
            }
            segment.before = Some(expected);
        }
        Ok(())
    }

    /// What would have been true before, by a preview and by the oracle.
    fn look_back(&mut self, hours: i64) -> Result<(), String> {
        let at = self.world.now().plus_ms(-hours * segops_model::HOUR_MS);
        for segment in &self.segments {
            let preview = self
                .world
                .engine
                .preview(&segment.rule, Some(at), EVERYONE, &Work::new())
                .expect("a preview");
            let rebuilt: Members =
                preview.sample.into_iter().map(|member| member.identifiers.into_iter().collect()).collect();
            let expected = self.oracle.members(&segment.rule, at);
            if rebuilt != expected {
                return Err(disagreement("looking back", at, &segment.text, &rebuilt, &expected));
            }
        }
        Ok(())
    }
}

fn disagreement(when: &str, at: Instant, rule: &str, ours: &Members, oracle: &Members) -> String {
    let listed = |members: Vec<&BTreeSet<Identifier>>| -> Vec<Vec<String>> {
        members.into_iter().map(|member| member.iter().map(ToString::to_string).collect()).collect()
    };
    format!(
        "{when}, {at}: `{rule}`: only by the engine {:?}, only by the oracle {:?}",
        listed(ours.difference(oracle).collect()),
        listed(oracle.difference(ours).collect()),
    )
}

/// Puts dates in the place of `{+3}`: so many days after the first.
fn dated(text: &str, first: civil::Date) -> String {
    let mut dated = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        let Some((days, behind)) = after.split_once('}') else { break };
        let date = first.saturating_add(Span::new().days(days.parse::<i64>().expect("days")));
        dated.push_str(before);
        dated.push_str(&date.to_string());
        rest = behind;
    }
    dated + rest
}
