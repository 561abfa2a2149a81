//! Names to ids, and what to say of names that nothing has.

mod occurrence;
mod score;

use std::collections::BTreeSet;

use segops_model::{Limits, Path, SegmentId};

use crate::ast::{
    Aggregate, AggregateCondition, CadenceCondition, Condition, CountMeasure, EventCondition, EventFilter,
    LINE_FIELDS, Measure, Named, ORDER_EVENT, ORDER_FIELDS, Predicate, RankingCondition, Resolved, Rule,
    SegmentCondition, SequenceCondition, TenureCondition, TransitionCondition, same_in_line_items,
};
use crate::check::check;
use crate::lists::desugar_rule;
use crate::names::Names;
use crate::nearest::nearest;
use crate::parse::parse_tree;
use crate::problem::{Code, PROBLEMS_MAX, Problem, Severity};

/// A resolved rule with its warnings, or everything that is wrong with it, warnings included.
pub type Resolution = Result<(Rule<Resolved>, Vec<Problem>), Vec<Problem>>;

/// Looks up every name. `editing` is the segment that the rule will belong to, if it exists already: what
/// it is used by cannot be used in it.
pub fn resolve(rule: &Rule<Named>, names: &dyn Names, editing: Option<SegmentId>) -> Resolution {
    resolve_within(rule, names, editing, &Limits::default())
}

/// As [`resolve`], with limits other than the default ones.
pub fn resolve_within(
    rule: &Rule<Named>,
    names: &dyn Names,
    editing: Option<SegmentId>,
    limits: &Limits,
) -> Resolution {
    let problems = check(rule, limits);
    // Past the depth limit nothing descends.
    if problems.iter().any(|problem| problem.code == Code::TooDeep) {
        return Err(problems);
    }
    let rule = desugar_rule(rule.clone());
    let problems = check(&rule, limits);
    let mut resolver = Resolver { names, editing, problems };
    let when = resolver.condition(&rule.when, "when");
    let mut problems = resolver.problems;
    problems.truncate(PROBLEMS_MAX);
    let failed = problems.iter().any(|problem| problem.severity == Severity::Error);
    match when {
        Some(when) if !failed => Ok((Rule { version: rule.version, base: rule.base, when }, problems)),
        _ => Err(problems),
    }
}

/// A rule read from text, in both stages, with what looks wrong in it.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    pub named: Rule<Named>,
    pub resolved: Rule<Resolved>,
    pub warnings: Vec<Problem>,
}

/// Reads a rule's text and looks up every name, so that a rule that is well written has all its problems
/// reported at once, each with its place in the text.
pub fn read_text(text: &str, names: &dyn Names, editing: Option<SegmentId>) -> Result<Reading, Vec<Problem>> {
    let parsed = parse_tree(text, &Limits::default())?;
    match resolve(&parsed.rule, names, editing) {
        Ok((resolved, mut warnings)) => {
            parsed.locate(&mut warnings);
            Ok(Reading { named: parsed.rule, resolved, warnings })
        }
        Err(mut problems) => {
            parsed.locate(&mut problems);
            Err(problems)
        }
    }
}

/// Whose property a path leads to.
#[derive(Clone, Copy)]
enum Owner<'a> {
    Event(Option<&'a str>),
    Order,
}

impl Owner<'_> {
    fn has(self, names: &dyn Names, path: &str) -> bool {
        match self {
            Self::Event(event) => names.property_exists(event, path),
            Self::Order => {
                ORDER_FIELDS.iter().chain(LINE_FIELDS).any(|field| *field == path)
                    || names.property_exists(Some(ORDER_EVENT), &as_products(path))
            }
        }
    }

    fn properties(self, names: &dyn Names) -> Vec<String> {
        match self {
            Self::Event(event) => names.property_names(event),
            Self::Order => {
                let own = ORDER_FIELDS.iter().chain(LINE_FIELDS).map(|field| (*field).to_owned());
                let sent = names.property_names(Some(ORDER_EVENT)).into_iter();
                own.chain(sent.map(|path| path.replacen("products[]", "items[]", 1))).collect()
            }
        }
    }
}

/// An order's lines are its event's products.
fn as_products(path: &str) -> String {
    path.strip_prefix("items[]").map_or_else(|| path.to_owned(), |rest| format!("products[]{rest}"))
}

struct Resolver<'a> {
    names: &'a dyn Names,
    editing: Option<SegmentId>,
    problems: Vec<Problem>,
}

impl Resolver<'_> {
    fn condition(&mut self, condition: &Condition<Named>, place: &str) -> Option<Condition<Resolved>> {
        match condition {
            Condition::All(parts) => self.parts(parts, &format!("{place}.all")).map(Condition::All),
            Condition::Any(parts) => self.parts(parts, &format!("{place}.any")).map(Condition::Any),
            Condition::None(parts) => self.parts(parts, &format!("{place}.none")).map(Condition::None),
            Condition::Not(part) => {
                let part = self.condition(part, &format!("{place}.not"))?;
                Some(Condition::Not(Box::new(part)))
            }
            Condition::Event(event) => self.event(event, &format!("{place}.event")).map(Condition::Event),
            Condition::Aggregate(leaf) => {
                let leaf = self.aggregate_condition(leaf, &format!("{place}.aggregate"))?;
                Some(Condition::Aggregate(Box::new(leaf)))
            }
            Condition::Occurrence(leaf) => {
                let leaf = self.occurrence_condition(leaf, &format!("{place}.occurrence"))?;
                Some(Condition::Occurrence(Box::new(leaf)))
            }
            Condition::Within(leaf) => {
                let leaf = self.within_condition(leaf, &format!("{place}.within"))?;
                Some(Condition::Within(Box::new(leaf)))
            }
            Condition::Active(leaf) => {
                let leaf = self.active_condition(leaf, &format!("{place}.active"))?;
                Some(Condition::Active(Box::new(leaf)))
            }
            Condition::Sequence(leaf) => {
                let leaf = self.sequence(leaf, &format!("{place}.sequence"))?;
                Some(Condition::Sequence(Box::new(leaf)))
            }
            Condition::Cadence(leaf) => {
                let event = self.filter(&leaf.event, None, &format!("{place}.cadence.event"))?;
                let (test, events_min) = (leaf.test, leaf.events_min);
                Some(Condition::Cadence(Box::new(CadenceCondition { event, test, events_min })))
            }
            Condition::Ranking(leaf) => self.ranking(leaf, &format!("{place}.ranking")),
            Condition::Score(leaf) => self.score(leaf, &format!("{place}.score")),
            Condition::Trait(leaf) if self.means_score(&leaf.path, &format!("{place}.trait.trait")) => {
                self.trait_as_score(leaf, &format!("{place}.trait"))
            }
            Condition::TraitDate(leaf)
                if self.means_score(&leaf.path, &format!("{place}.trait_date.trait")) =>
            {
                self.date_as_score(leaf, &format!("{place}.trait_date"))
            }
            Condition::Trait(leaf) => {
                self.trait_path(&leaf.path, &format!("{place}.trait.trait"));
                Some(Condition::Trait(leaf.clone()))
            }
            Condition::TraitDate(leaf) => {
                self.trait_path(&leaf.path, &format!("{place}.trait_date.trait"));
                Some(Condition::TraitDate(leaf.clone()))
            }
            Condition::TraitHistory(leaf) => {
                self.trait_path(&leaf.path, &format!("{place}.trait_history.trait"));
                Some(Condition::TraitHistory(leaf.clone()))
            }
            Condition::Place(test) => Some(Condition::Place(test.clone())),
            Condition::Sample(leaf) => Some(Condition::Sample(leaf.clone())),
            Condition::Segment(leaf) => {
                let segment = self.segment(&leaf.segment, &format!("{place}.segment.segment"))?;
                Some(Condition::Segment(SegmentCondition { segment }))
            }
            Condition::Transition(leaf) => {
                let segment = self.segment(&leaf.segment, &format!("{place}.transition.segment"))?;
                let (direction, count, window) = (leaf.direction, leaf.count, leaf.window.clone());
                Some(Condition::Transition(TransitionCondition { segment, direction, count, window }))
            }
            Condition::Tenure(leaf) => {
                let segment = self.segment(&leaf.segment, &format!("{place}.tenure.segment"))?;
                Some(Condition::Tenure(TenureCondition { segment, test: leaf.test.clone() }))
            }
        }
    }

    fn ranking(&mut self, leaf: &RankingCondition<Named>, place: &str) -> Option<Condition<Resolved>> {
        let by = match &leaf.by {
            Measure::Aggregate(tree) => {
                Measure::Aggregate(self.aggregate(tree, &format!("{place}.by.aggregate"))?)
            }
            Measure::Count(count) => {
                let event = self.filter(&count.event, None, &format!("{place}.by.count.event"))?;
                Measure::Count(CountMeasure { event, window: count.window.clone() })
            }
            Measure::Score(score) => self.score_measure(score, &format!("{place}.by.score"))?,
            Measure::Trait(path) if self.means_score(path, &format!("{place}.by.trait")) => {
                self.score_measure(&path.to_string(), &format!("{place}.by.trait"))?
            }
            Measure::Trait(path) => {
                self.trait_path(path, &format!("{place}.by.trait"));
                Measure::Trait(path.clone())
            }
        };
        Some(Condition::Ranking(Box::new(RankingCondition { end: leaf.end, percent: leaf.percent, by })))
    }

    fn parts(&mut self, parts: &[Condition<Named>], place: &str) -> Option<Vec<Condition<Resolved>>> {
        let parts: Vec<Option<_>> = parts
            .iter()
            .enumerate()
            .map(|(at, part)| self.condition(part, &format!("{place}[{at}]")))
            .collect();
        parts.into_iter().collect()
    }

    fn event(&mut self, event: &EventCondition<Named>, place: &str) -> Option<EventCondition<Resolved>> {
        let filter = self.filter(&event.event, None, &format!("{place}.event"))?;
        Some(EventCondition { event: filter, count: event.count, window: event.window.clone() })
    }

    fn aggregate_condition(
        &mut self,
        leaf: &AggregateCondition<Named>,
        place: &str,
    ) -> Option<AggregateCondition<Resolved>> {
        let aggregate = self.aggregate(&leaf.aggregate, &format!("{place}.aggregate"));
        let kind = leaf.test.name();
        let times_place = format!("{place}.test.{kind}.times.aggregate");
        let test = leaf.test.try_map(|other| self.aggregate(other, &times_place).ok_or(()));
        Some(AggregateCondition { aggregate: aggregate?, test: test.ok()? })
    }

    fn sequence(
        &mut self,
        leaf: &SequenceCondition<Named>,
        place: &str,
    ) -> Option<SequenceCondition<Resolved>> {
        if let Some(same) = &leaf.same {
            self.shared_property(leaf, same, &format!("{place}.same"));
        }
        // Every step is looked at, so that all their problems come at once.
        let looked_up: Vec<Option<EventFilter<Resolved>>> = leaf
            .steps
            .iter()
            .enumerate()
            .map(|(at, step)| self.filter(&step.event, None, &format!("{place}.steps[{at}].event")))
            .collect();
        let mut events = looked_up.into_iter();
        leaf.try_map(|_, _| events.next().flatten().ok_or(())).ok()
    }

    /// Warns of the first step whose events never had the property that all are to share.
    fn shared_property(&mut self, leaf: &SequenceCondition<Named>, same: &Path, place: &str) {
        let in_line_items = same_in_line_items(same).map(|path| path.to_string());
        let path = same.to_string();
        for name in leaf.steps.iter().filter_map(|step| step.event.name.as_deref()) {
            let has = |path: &str| self.names.property_exists(Some(name), path);
            if self.names.event_exists(name) && !has(&path) && !in_line_items.as_deref().is_some_and(has) {
                self.property(&path, Owner::Event(Some(name)), place);
                return;
            }
        }
    }

    fn aggregate(&mut self, tree: &Aggregate<Named>, place: &str) -> Option<Aggregate<Resolved>> {
        let event = self.filter(&tree.event, Some((&tree.property, place)), &format!("{place}.event"))?;
        Some(Aggregate {
            function: tree.function,
            property: tree.property.clone(),
            by_quantity: tree.by_quantity,
            event,
            window: tree.window.clone(),
        })
    }

    /// Looks up what a filter names, and the property that is aggregated with the place of its aggregate.
    fn filter(
        &mut self,
        filter: &EventFilter<Named>,
        aggregated: Option<(&Path, &str)>,
        place: &str,
    ) -> Option<EventFilter<Resolved>> {
        let is_of_orders = filter.subject.is_orders();
        let name = if is_of_orders { Some(ORDER_EVENT) } else { filter.name.as_deref() };
        let unseen = name.filter(|name| !self.names.event_exists(name));
        if let Some(name) = unseen {
            let message = format!("no event `{name}` was ever received");
            let problem = Problem::warning(Code::UnknownEvent, message).place(format!("{place}.name"));
            match is_of_orders {
                true => self.report(problem),
                false => self.report_unknown(problem, name, |names| names.event_names()),
            }
        }
        // Of an event never seen, no property was seen either: one warning says it all.
        if let (Some(predicate), None) = (&filter.predicate, unseen) {
            let owner = if is_of_orders { Owner::Order } else { Owner::Event(name) };
            self.properties(predicate, owner, None, &format!("{place}.where"));
        }
        if let (Some((property, place)), None) = (aggregated, unseen) {
            let owner = if is_of_orders { Owner::Order } else { Owner::Event(name) };
            self.property(&property.to_string(), owner, &format!("{place}.property"));
        }
        let sources: Vec<Option<_>> = filter
            .sources
            .iter()
            .enumerate()
            .map(|(at, source)| {
                let id = self.names.source(source);
                if id.is_none() {
                    let problem =
                        Problem::error(Code::UnknownSource, format!("there is no source `{source}`"))
                            .place(format!("{place}.sources[{at}]"));
                    self.report_unknown(problem, source, |names| names.source_names());
                }
                id
            })
            .collect();
        let sources = sources.into_iter().collect::<Option<_>>()?;
        Some(EventFilter {
            subject: filter.subject,
            name: filter.name.clone(),
            predicate: filter.predicate.clone(),
            sources,
        })
    }

    fn properties(&mut self, predicate: &Predicate, event: Owner<'_>, list: Option<&Path>, place: &str) {
        match predicate {
            Predicate::All(parts) => self.each_property(parts, event, list, &format!("{place}.all")),
            Predicate::Any(parts) => self.each_property(parts, event, list, &format!("{place}.any")),
            Predicate::None(parts) => self.each_property(parts, event, list, &format!("{place}.none")),
            Predicate::Not(part) => self.properties(part, event, list, &format!("{place}.not")),
            Predicate::Item(item) => {
                self.properties(&item.predicate, event, Some(&item.list), &format!("{place}.item.where"));
            }
            Predicate::Property(leaf) => {
                let path = match list {
                    Some(list) => Path::joined(list, Some(&leaf.property)).to_string(),
                    None => leaf.property.to_string(),
                };
                self.property(&path, event, &format!("{place}.property.property"));
            }
        }
    }

    fn property(&mut self, path: &str, owner: Owner<'_>, place: &str) {
        if owner.has(self.names, path) || self.is_of_product(path, place) {
            return;
        }
        let message = match owner {
            Owner::Order => format!("no order ever had the property `{path}`"),
            Owner::Event(Some(event)) => format!("no event `{event}` ever had the property `{path}`"),
            Owner::Event(None) => format!("no event ever had the property `{path}`"),
        };
        let problem = Problem::warning(Code::UnknownProperty, message).place(place);
        self.report_unknown(problem, path, |names| owner.properties(names));
    }

    /// Whether a path leads to what the catalogue knows of a product, which is no property that an event brings.
    fn is_of_product(&mut self, path: &str, place: &str) -> bool {
        let below_list = path.split_once("[].").map_or(path, |(_, below)| below);
        let (root, field) = below_list.split_once('.').unwrap_or((below_list, ""));
        if !matches!(root, "product" | "current_product") {
            return false;
        }
        if !field.is_empty() && !self.names.product_field_exists(field) {
            let known = self.names.product_fields();
            let problem = |message: String| Problem::warning(Code::UnknownProperty, message).place(place);
            match known.is_empty() {
                true => self.report(problem("no product was ever put into the catalogue".to_owned())),
                false => {
                    let problem = problem(format!("no product of the catalogue ever had `{field}`"));
                    self.report_unknown(problem, field, |_| known.clone());
                }
            }
        }
        true
    }

    fn each_property(&mut self, parts: &[Predicate], event: Owner<'_>, list: Option<&Path>, place: &str) {
        for (at, part) in parts.iter().enumerate() {
            self.properties(part, event, list, &format!("{place}[{at}]"));
        }
    }

    fn trait_path(&mut self, path: &Path, place: &str) {
        let path = path.to_string();
        if !self.names.trait_exists(&path) {
            let message = format!("no profile ever had the trait `{path}`");
            let problem = Problem::warning(Code::UnknownTrait, message).place(place);
            self.report_unknown(problem, &path, |names| names.trait_names());
        }
    }

    fn segment(&mut self, name: &str, place: &str) -> Option<SegmentId> {
        let Some(id) = self.names.segment(name) else {
            let problem =
                Problem::error(Code::UnknownSegment, format!("there is no segment `{name}`")).place(place);
            self.report_unknown(problem, name, |names| names.segment_names());
            return None;
        };
        if let Some(cycle) = self.editing.and_then(|editing| self.path_to(id, editing)) {
            let labels: Vec<String> = cycle.iter().map(|id| self.label(*id)).collect();
            let message = match labels.len() {
                2 => format!("the segment {} would refer to itself", labels[0]),
                _ => format!("the segments would refer to each other in a circle: {}", labels.join(" -> ")),
            };
            let problem = Problem::error(Code::SegmentCycle, message).place(place);
            self.report(problem.suggestion("take the reference out of one of them"));
            return None;
        }
        Some(id)
    }

    fn label(&self, id: SegmentId) -> String {
        self.names.segment_name(id).map_or_else(|| format!("`{id}`"), |name| format!("`{name}`"))
    }

    /// The way from the segment edited through one that it refers to back to itself, if there is one.
    fn path_to(&self, from: SegmentId, editing: SegmentId) -> Option<Vec<SegmentId>> {
        let mut seen = BTreeSet::from([from]);
        let mut paths = vec![vec![editing, from]];
        while let Some(path) = paths.pop() {
            let last = *path.last()?;
            if last == editing {
                return Some(path);
            }
            for next in self.names.segment_uses(last) {
                if next == editing || seen.insert(next) {
                    let mut longer = path.clone();
                    longer.push(next);
                    paths.push(longer);
                }
            }
        }
        None
    }

    /// Reports a name that nothing has, with the nearest one that something has. Past the number of problems
    /// that are shown nothing is looked for: comparing with thousands of names takes time.
    fn report_unknown(&mut self, problem: Problem, name: &str, known: impl Fn(&dyn Names) -> Vec<String>) {
        let is_shown = self.problems.len() < PROBLEMS_MAX;
        let meant = is_shown.then(|| nearest(name, known(self.names))).flatten();
        self.report(match meant {
            Some(meant) => problem.suggestion(format!("did you mean `{meant}`?")),
            None => problem,
        });
    }

    fn report(&mut self, problem: Problem) {
        // Errors come first, so that warnings never crowd them out.
        let at = match problem.severity {
            Severity::Error => self.problems.partition_point(|known| known.severity == Severity::Error),
            Severity::Warning => self.problems.len(),
        };
        self.problems.insert(at, problem);
    }
}
