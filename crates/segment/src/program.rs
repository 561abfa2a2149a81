//! A rule, compiled for evaluation.

mod looks;

use std::collections::{BTreeMap, BTreeSet};

use compact_str::CompactString;

use segops_model::{
    ConsentChannel, Identifier, Instant, ListId, ProfileId, ResultId, SegmentId, SignalId, Value,
};
use segops_rules::{
    Base, Condition, EventCondition, EventFilter, ORDER_EVENT, ReachCondition, Resolved, Rule, Subject,
    TraitCondition,
};

pub(crate) use looks::look_back;

use crate::active::ActiveNode;
use crate::aggregate::AggregateNode;
use crate::cadence::CadenceNode;
use crate::computed::ComputedNode;
use crate::count_range::CountRange;
use crate::evaluate::{ProfileView, outcome_of_node};
use crate::membership::{TenureNode, TransitionNode};
use crate::occurrence::{OccurrenceNode, WithinNode};
use crate::path_test::PathTest;
use crate::place::PlaceNode;
use crate::ranking::RankingNode;
use crate::score::ScoreNode;
use crate::sequence::SequenceNode;
use crate::stable_sample::SampleNode;
use crate::trait_date::TraitDateNode;
use crate::trait_history::TraitHistoryNode;
use crate::{
    Calendar, ConsentHistory, Keep, Naming, Ranking, RankingKey, RankingThreshold, RecordedScore,
    RecordedTransitions, SignalRegistry, Timeline, WindowBounds,
};

/// Entries that a count keeps although fewer decide it, so that an explanation can say how many there are and
/// when, and not only that there are enough.
const EVIDENCE_KEPT: u32 = 4;

/// A rule that can be evaluated, and what it reads. Its nodes mirror the rule's conditions one to one.
#[derive(Debug, Clone)]
pub struct Program {
    base: Base,
    pub(crate) base_node: Option<Node>,
    pub(crate) root: Node,
    signals: Vec<(SignalId, Keep)>,
    trait_roots: Vec<CompactString>,
    segments: Vec<SegmentId>,
    rankings: Vec<Ranking>,
    recorded_scores: Vec<String>,
    reads_recorded: bool,
    reads_reach: bool,
    lists: Vec<ListId>,
    results: Vec<ResultId>,
}

#[derive(Debug, Clone)]
pub(crate) enum Node {
    All(Vec<Node>),
    Any(Vec<Node>),
    None(Vec<Node>),
    Not(Box<Node>),
    Count(CountNode),
    Aggregate(Box<AggregateNode>),
    Occurrence(Box<OccurrenceNode>),
    Within(Box<WithinNode>),
    Active(Box<ActiveNode>),
    Sequence(Box<SequenceNode>),
    Cadence(CadenceNode),
    Computed(ComputedNode),
    Ranking(Box<RankingNode>),
    Score(Box<ScoreNode>),
    Trait { root: CompactString, test: PathTest },
    Segment(SegmentId),
    TraitDate(Box<TraitDateNode>),
    TraitHistory(Box<TraitHistoryNode>),
    Place(Box<PlaceNode>),
    Sample(SampleNode),
    Transition(TransitionNode),
    Tenure(TenureNode),
    Reach(ReachCondition),
    List(ListId),
    Result(ResultId),
    Identified,
}

/// How many entries of a timeline lie in a window.
#[derive(Debug, Clone)]
pub(crate) struct CountNode {
    pub(crate) signal: SignalId,
    pub(crate) range: CountRange,
    pub(crate) window: WindowBounds,
    /// Entries of orders are taken out again when an order no longer passes: older ones must be there then.
    pub(crate) is_of_orders: bool,
}

impl CountNode {
    /// What of the timeline decides the count's test, at any instant from the newest entry on.
    pub(crate) fn keep(&self) -> Keep {
        if self.is_of_orders || !self.window.ends_now() {
            return Keep::All;
        }
        let needed = u32::try_from(self.range.newest_needed());
        needed.map_or(Keep::All, |needed| Keep::Newest(needed.max(EVIDENCE_KEPT)))
    }
}

impl Program {
    /// Compiles a rule that has been checked, and interns its event filters: each of [`Program::signals`]
    /// is held once, until [`Program::release`].
    #[must_use]
    pub fn compile(rule: &Rule<Resolved>, registry: &mut SignalRegistry, calendar: &Calendar) -> Self {
        let mut reads = Reads::default();
        let mut compiler = Compiler { registry, calendar, base: rule.base, reads: &mut reads };
        let base_node = compiler.base();
        let root = compiler.condition(&rule.when);
        Self {
            base: rule.base,
            base_node,
            root,
            signals: reads.signals.into_iter().collect(),
            trait_roots: reads.trait_roots.into_iter().collect(),
            segments: reads.segments.into_iter().collect(),
            rankings: Ranking::all_of(rule, calendar),
            recorded_scores: reads.recorded_scores.into_iter().collect(),
            reads_recorded: reads.records,
            reads_reach: reads.reach,
            lists: reads.lists.into_iter().collect(),
            results: reads.results.into_iter().collect(),
        }
    }

    /// Gives its signals back to the registry; the ids of those that nobody holds any more.
    pub fn release(&self, registry: &mut SignalRegistry) -> Vec<SignalId> {
        self.signals.iter().map(|(id, _)| *id).filter(|id| registry.release(*id)).collect()
    }

    #[must_use]
    pub const fn base(&self) -> Base {
        self.base
    }

    /// Each signal that it reads, once, in the order of ids, with what it needs of its timelines.
    #[must_use]
    pub fn signals(&self) -> &[(SignalId, Keep)] {
        &self.signals
    }

    /// The first names of the trait paths that it reads, sorted.
    #[must_use]
    pub fn trait_roots(&self) -> &[CompactString] {
        &self.trait_roots
    }

    /// The segments whose membership it reads, as it is or as it was recorded, sorted.
    #[must_use]
    pub fn segments(&self) -> &[SegmentId] {
        &self.segments
    }

    /// The rankings whose thresholds it reads.
    #[must_use]
    pub fn rankings(&self) -> &[Ranking] {
        &self.rankings
    }

    /// The names of the recorded scores that it reads, sorted.
    #[must_use]
    pub fn recorded_scores(&self) -> &[String] {
        &self.recorded_scores
    }

    /// Whether it reads what was recorded of any segment.
    #[must_use]
    pub const fn reads_recorded(&self) -> bool {
        self.reads_recorded
    }

    /// Whether it reads what was said of the profile's addresses.
    #[must_use]
    pub const fn reads_reach(&self) -> bool {
        self.reads_reach
    }

    /// The uploaded lists that it reads, sorted.
    #[must_use]
    pub fn lists(&self) -> &[ListId] {
        &self.lists
    }

    /// The recorded results that it reads, sorted.
    #[must_use]
    pub fn results(&self) -> &[ResultId] {
        &self.results
    }

    /// Whether some profile with no events, no traits, no identifier beyond an anonymous one, and in no
    /// segment, is a member: which one can only depend on its id. Such a profile's membership never changes
    /// by time alone.
    #[must_use]
    pub fn may_hold_when_empty(&self) -> bool {
        self.may_hold_when_empty_within(|_| false)
    }

    /// As [`Program::may_hold_when_empty`], given which segments an empty profile is in.
    #[must_use]
    pub fn may_hold_when_empty_within(&self, is_member: impl Fn(SegmentId) -> bool) -> bool {
        let empty = Empty(is_member);
        self.base_node.iter().chain([&self.root]).all(|node| answers_when_empty(node, &empty).may_hold)
    }
}

/// The answers that a condition gives for profiles of which nothing is known but their ids.
#[derive(Debug, Clone, Copy)]
struct Answers {
    may_hold: bool,
    may_fail: bool,
}

impl Answers {
    const fn negated(self) -> Self {
        Self { may_hold: self.may_fail, may_fail: self.may_hold }
    }

    fn every(answers: impl Iterator<Item = Self>) -> Self {
        answers.fold(Self { may_hold: true, may_fail: false }, |all, one| Self {
            may_hold: all.may_hold && one.may_hold,
            may_fail: all.may_fail || one.may_fail,
        })
    }
}

fn answers_when_empty(node: &Node, empty: &impl ProfileView) -> Answers {
    let each = |nodes: &'_ [Node], negated: bool| {
        Answers::every(nodes.iter().map(|node| {
            let answers = answers_when_empty(node, empty);
            if negated { answers.negated() } else { answers }
        }))
    };
    match node {
        Node::All(nodes) => each(nodes, false),
        Node::Any(nodes) => each(nodes, true).negated(),
        Node::None(nodes) => each(nodes, true),
        Node::Not(node) => answers_when_empty(node, empty).negated(),
        Node::Sample(_) => Answers { may_hold: true, may_fail: true },
        leaf => {
            let holds = outcome_of_node(leaf, empty, Instant::MIN).holds;
            Answers { may_hold: holds, may_fail: !holds }
        }
    }
}

/// A profile of which nothing is known.
struct Empty<F>(F);

impl<F: Fn(SegmentId) -> bool> ProfileView for Empty<F> {
    /// Conditions that depend on the id are not asked of an empty profile.
    fn profile(&self) -> ProfileId {
        ProfileId(u64::MAX)
    }
    fn timeline(&self, _: SignalId) -> Option<&Timeline> {
        None
    }
    fn trait_value(&self, _: &str) -> Option<&Value> {
        None
    }
    fn is_identified(&self) -> bool {
        false
    }
    fn is_member(&self, segment: SegmentId) -> bool {
        (self.0)(segment)
    }
    fn threshold(&self, _: &RankingKey) -> Option<&RankingThreshold> {
        None
    }

    fn recorded_score(&self, _: &str) -> Option<RecordedScore> {
        None
    }

    fn recorded(&self, _: SegmentId) -> Option<&RecordedTransitions> {
        None
    }
    fn identifiers(&self) -> &[Identifier] {
        &[]
    }
    fn consent(&self, _: ConsentChannel, _: &Identifier) -> Option<&ConsentHistory> {
        None
    }
    fn is_listed(&self, _: ListId) -> bool {
        false
    }
    fn naming(&self, _: ResultId) -> Naming {
        Naming::NOTHING
    }
}

#[derive(Default)]
struct Reads {
    signals: BTreeMap<SignalId, Keep>,
    trait_roots: BTreeSet<CompactString>,
    segments: BTreeSet<SegmentId>,
    recorded_scores: BTreeSet<String>,
    records: bool,
    reach: bool,
    lists: BTreeSet<ListId>,
    results: BTreeSet<ResultId>,
}

impl Reads {
    fn record_of(&mut self, segment: SegmentId) {
        self.segments.insert(segment);
        self.records = true;
    }
}

struct Compiler<'a> {
    registry: &'a mut SignalRegistry,
    calendar: &'a Calendar,
    base: Base,
    reads: &'a mut Reads,
}

/// A base alone, compiled.
#[derive(Debug)]
pub(crate) struct BaseNode(Node);

impl BaseNode {
    /// Compiles a base, and interns its signal if it has one; none where everyone is meant.
    pub(crate) fn compile(base: Base, registry: &mut SignalRegistry, calendar: &Calendar) -> Option<Self> {
        let mut reads = Reads::default();
        Compiler { registry, calendar, base, reads: &mut reads }.base().map(Self)
    }

    pub(crate) fn holds(&self, view: &impl ProfileView, now: Instant) -> bool {
        outcome_of_node(&self.0, view, now).holds
    }
}

impl Compiler<'_> {
    fn base(&mut self) -> Option<Node> {
        match self.base {
            Base::Customers => Some(self.count(&EventCondition {
                event: EventFilter {
                    subject: Subject::Events,
                    derived: None,
                    name: Some(ORDER_EVENT.to_owned()),
                    predicate: None,
                    sources: Vec::new(),
                },
                count: segops_rules::CountTest::AtLeast(1),
                window: segops_rules::Window::AllTime,
            })),
            Base::Identified => Some(Node::Identified),
            Base::Everyone => None,
        }
    }

    fn condition(&mut self, condition: &Condition<Resolved>) -> Node {
        match condition {
            Condition::All(conditions) => Node::All(self.conditions(conditions)),
            Condition::Any(conditions) => Node::Any(self.conditions(conditions)),
            Condition::None(conditions) => Node::None(self.conditions(conditions)),
            Condition::Not(condition) => Node::Not(Box::new(self.condition(condition))),
            Condition::Event(condition) => self.count(condition),
            Condition::Aggregate(condition) => {
                let node = AggregateNode::compile(condition, self.registry, self.calendar);
                for reading in node.readings() {
                    self.read(reading.signal, reading.keep());
                }
                Node::Aggregate(Box::new(node))
            }
            Condition::Occurrence(condition) => {
                let node = OccurrenceNode::compile(condition, self.registry, self.calendar);
                self.read_all(node.signals());
                Node::Occurrence(Box::new(node))
            }
            Condition::Within(condition) => {
                let node = WithinNode::compile(condition, self.registry, self.calendar);
                self.read_all(node.signals());
                Node::Within(Box::new(node))
            }
            Condition::Active(condition) => {
                let node = ActiveNode::compile(condition, self.registry, self.calendar);
                self.read(node.signal, node.keep());
                Node::Active(Box::new(node))
            }
            Condition::Sequence(condition) => {
                let node = SequenceNode::compile(condition, self.registry, self.calendar);
                for (signal, keep) in node.signals() {
                    self.read(signal, keep);
                }
                Node::Sequence(Box::new(node))
            }
            Condition::Cadence(condition) => {
                let node = CadenceNode::compile(condition, self.registry, self.calendar);
                self.read(node.signal, node.keep());
                Node::Cadence(node)
            }
            Condition::Computed(condition) => {
                let node = ComputedNode::compile(condition, self.registry, self.calendar);
                self.read_all(node.signals().into_iter());
                Node::Computed(node)
            }
            Condition::Ranking(condition) => {
                let node = RankingNode::compile(self.base, condition, self.registry, self.calendar);
                for (signal, keep) in node.measure.signals() {
                    self.read(signal, keep);
                }
                self.reads.recorded_scores.extend(node.measure.recorded_score().map(str::to_owned));
                if let Some(root) = node.measure.trait_root() {
                    self.reads.trait_roots.insert(root.clone());
                }
                Node::Ranking(Box::new(node))
            }
            Condition::Score(condition) => {
                let node = ScoreNode::compile(condition, self.registry, self.calendar);
                self.read_all(node.reading.signals().iter().copied());
                self.reads.recorded_scores.extend(node.reading.recorded_name().map(str::to_owned));
                Node::Score(Box::new(node))
            }
            Condition::Trait(condition) => self.trait_test(condition),
            Condition::TraitDate(condition) => {
                let node = TraitDateNode::compile(condition, self.calendar);
                self.reads.trait_roots.insert(node.root.clone());
                Node::TraitDate(Box::new(node))
            }
            Condition::TraitHistory(condition) => {
                let node = TraitHistoryNode::compile(condition, self.registry, self.calendar);
                self.read(node.signal, TraitHistoryNode::keep());
                Node::TraitHistory(Box::new(node))
            }
            Condition::Place(test) => {
                let node = PlaceNode::compile(test, &self.calendar.zone);
                self.reads.trait_roots.extend(node.roots());
                Node::Place(Box::new(node))
            }
            Condition::Sample(condition) => Node::Sample(SampleNode::compile(condition)),
            Condition::Segment(condition) => {
                self.reads.segments.insert(condition.segment);
                Node::Segment(condition.segment)
            }
            Condition::Transition(condition) => {
                self.reads.record_of(condition.segment);
                Node::Transition(TransitionNode::compile(condition, self.calendar))
            }
            Condition::Tenure(condition) => {
                self.reads.record_of(condition.segment);
                Node::Tenure(TenureNode::compile(condition, self.calendar))
            }
            Condition::Reach(condition) => {
                self.reads.reach = true;
                Node::Reach(condition.clone())
            }
            Condition::List(condition) => {
                self.reads.lists.insert(condition.list);
                Node::List(condition.list)
            }
            Condition::Result(condition) => {
                self.reads.results.insert(condition.result);
                Node::Result(condition.result)
            }
        }
    }

    fn conditions(&mut self, conditions: &[Condition<Resolved>]) -> Vec<Node> {
        conditions.iter().map(|condition| self.condition(condition)).collect()
    }

    fn count(&mut self, condition: &EventCondition<Resolved>) -> Node {
        let node = CountNode {
            signal: self.registry.intern(&condition.event, &self.calendar.zone),
            range: CountRange::new(condition.count),
            window: WindowBounds::new(&condition.window, self.calendar),
            is_of_orders: condition.event.subject.is_orders(),
        };
        self.read(node.signal, node.keep());
        Node::Count(node)
    }

    fn read_all(&mut self, signals: impl Iterator<Item = (SignalId, Keep)>) {
        for (signal, keep) in signals {
            self.read(signal, keep);
        }
    }

    /// Notes that a signal, interned just now, is read.
    fn read(&mut self, signal: SignalId, needed: Keep) {
        // What is cut off could not come back when a product changes and what was matched is no match any more.
        // Nor when a derived event changes.
        let is_revised =
            self.registry.reads_products(signal) || self.registry.derivation_of(signal).is_some();
        let needed = if is_revised { Keep::All } else { needed };
        match self.reads.signals.get_mut(&signal) {
            None => {
                self.reads.signals.insert(signal, needed);
            }
            Some(keep) => {
                *keep = keep.and(needed);
                // Held once already.
                self.registry.release(signal);
            }
        }
    }

    fn trait_test(&mut self, condition: &TraitCondition) -> Node {
        let zone = &self.calendar.zone;
        let root = CompactString::from(condition.path.root());
        self.reads.trait_roots.insert(root.clone());
        Node::Trait {
            root,
            test: PathTest::compile(&condition.path, &condition.test, condition.match_case, zone),
        }
    }
}
