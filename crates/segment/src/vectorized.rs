//! Programs over many profiles at once, from rows that come in columns (vectorised execution).
//!
//! A program's conditions are its leaves. Most of them come to a number for each profile that is there once the rows
//! have gone by, in whatever order: how many there were in a window, what they add up to, the first or the last of
//! them. These are *tallies*, and no timeline is put together for them. The others are looked at profile by profile,
//! as live they are. What the leaves say is then put together as the rules have it, column by column.
//!
//! What a condition means stays where it is: ranges, comparisons and windows are those of the nodes that live
//! evaluation goes through, and development builds hold every answer to it.

mod tallies;
#[cfg(test)]
mod tests;

use segops_model::{Instant, SegmentId, SignalId};
use segops_rules::AggregateFunction;

use crate::aggregate::{AggregateNode, Reading};
use crate::count_range::CountRange;
use crate::evaluate::{ProfileView, holds};
use crate::program::{Node, Program, look_back};
pub use tallies::{BlockRows, ProfileRows, Tallies};

/// Some programs at one instant, whose answers depend on nothing but matches of signals and on each other.
#[derive(Debug)]
pub struct Vectorized {
    at: Instant,
    tallied: Vec<Tallied>,
    leaves: Vec<Leaf>,
    /// Of each program.
    trees: Vec<Tree>,
}

/// What is tallied of one signal's matches within a window.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Tallied {
    signal: SignalId,
    /// After this instant, in milliseconds, and up to the next.
    after: i64,
    until: i64,
    kind: TallyKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum TallyKind {
    Matches,
    /// Captured values: how many, their sum, the least and the greatest.
    Values,
    /// Different captured values.
    Distinct,
    /// The first or the last match, and whether it is a match of another signal too.
    Chosen {
        is_first: bool,
        passing: Option<SignalId>,
    },
}

#[derive(Debug)]
enum Leaf {
    Count {
        tally: usize,
        range: CountRange,
    },
    Aggregate {
        node: Box<AggregateNode>,
        left: usize,
        right: Option<usize>,
    },
    /// Whether what was chosen lies in a window.
    Chosen {
        tally: usize,
        after: i64,
        until: i64,
    },
    Alone(Box<Alone>),
}

/// A condition that is looked at profile by profile.
#[derive(Debug)]
pub struct Alone {
    node: Node,
    /// Each that it reads, in ascending order.
    signals: Vec<SignalId>,
}

/// What a rule makes of its leaves.
#[derive(Debug)]
enum Tree {
    All(Vec<Tree>),
    Any(Vec<Tree>),
    Not(Box<Tree>),
    Leaf(usize),
    /// What another program says, by its number.
    Program(usize),
    Never,
}

impl Alone {
    fn of(node: &Node, at: Instant) -> Self {
        let mut signals = Vec::new();
        look_back(node, at, &mut |signal, _| signals.push(signal));
        signals.sort_unstable();
        signals.dedup();
        Self { node: node.clone(), signals }
    }

    #[must_use]
    pub fn signals(&self) -> &[SignalId] {
        &self.signals
    }

    /// Whether it holds of a profile at an instant.
    #[must_use]
    pub fn holds(&self, view: &impl ProfileView, now: Instant) -> bool {
        holds(&self.node, view, now)
    }
}

impl Vectorized {
    /// Of programs, each after those of the segments that it names; `None` where one of them reads more than matches.
    #[must_use]
    pub fn of<'a>(programs: impl IntoIterator<Item = (SegmentId, &'a Program)>, at: Instant) -> Option<Self> {
        let mut made = Self { at, tallied: Vec::new(), leaves: Vec::new(), trees: Vec::new() };
        let mut segments: Vec<SegmentId> = Vec::new();
        for (segment, program) in programs {
            if !program.reads_matches_alone() {
                return None;
            }
            let nodes = program.base_node.iter().chain([&program.root]);
            let parts = nodes.map(|node| made.tree(node, &segments)).collect();
            made.trees.push(Tree::All(parts));
            segments.push(segment);
        }
        Some(made)
    }

    /// The instant that it answers for.
    #[must_use]
    pub const fn at(&self) -> Instant {
        self.at
    }

    /// The conditions that are looked at profile by profile.
    pub fn alone(&self) -> impl Iterator<Item = &Alone> {
        self.leaves.iter().filter_map(|leaf| match leaf {
            Leaf::Alone(alone) => Some(alone.as_ref()),
            _ => None,
        })
    }

    /// Whether matches of a signal have to be told apart and put in order where they share an instant.
    #[must_use]
    pub fn orders_matches(&self) -> bool {
        let is_of_order = |tallied: &Tallied| matches!(tallied.kind, TallyKind::Chosen { .. });
        self.alone().next().is_some() || self.tallied.iter().any(is_of_order)
    }

    fn tree(&mut self, node: &Node, segments: &[SegmentId]) -> Tree {
        let mut each = |nodes: &[Node]| nodes.iter().map(|node| self.tree(node, segments)).collect();
        match node {
            Node::All(nodes) => Tree::All(each(nodes)),
            Node::Any(nodes) => Tree::Any(each(nodes)),
            Node::None(nodes) => Tree::Not(Box::new(Tree::Any(each(nodes)))),
            Node::Not(node) => Tree::Not(Box::new(self.tree(node, segments))),
            Node::Segment(segment) => {
                let number = segments.iter().position(|of| of == segment);
                number.map_or(Tree::Never, Tree::Program)
            }
            leaf => {
                let leaf = self.leaf(leaf);
                self.leaves.push(leaf);
                Tree::Leaf(self.leaves.len() - 1)
            }
        }
    }

    fn leaf(&mut self, whole: &Node) -> Leaf {
        match whole {
            Node::Count(count) => {
                let tally = self.tally(count.signal, count.window.bounds(self.at), TallyKind::Matches);
                Leaf::Count { tally, range: count.range }
            }
            Node::Aggregate(node) => {
                let other = node.other().map(|(_, reading)| reading);
                let kinds = (kind_of(&node.left), other.map(kind_of));
                let (Some(left), None | Some(Some(_))) = kinds else {
                    return Leaf::Alone(Box::new(Alone::of(whole, self.at)));
                };
                let left = self.tally(node.left.signal, node.left.window.bounds(self.at), left);
                let right = other
                    .zip(kinds.1.flatten())
                    .map(|(reading, kind)| self.tally(reading.signal, reading.window.bounds(self.at), kind));
                Leaf::Aggregate { node: node.clone(), left, right }
            }
            Node::Occurrence(occurrence) => match occurrence.end() {
                None => Leaf::Alone(Box::new(Alone::of(whole, self.at))),
                Some(is_first) => {
                    let kind = TallyKind::Chosen { is_first, passing: occurrence.passing() };
                    let ever = (Instant::from_ms(i64::MIN), self.at);
                    let tally = self.tally(occurrence.chosen.signal, ever, kind);
                    let (after, until) = occurrence.window.bounds(self.at);
                    Leaf::Chosen { tally, after: after.as_ms(), until: until.as_ms() }
                }
            },
            _ => Leaf::Alone(Box::new(Alone::of(whole, self.at))),
        }
    }

    /// The number of a tally; the same one is made once.
    fn tally(&mut self, signal: SignalId, window: (Instant, Instant), kind: TallyKind) -> usize {
        let tallied = Tallied { signal, after: window.0.as_ms(), until: window.1.as_ms(), kind };
        if let Some(number) = self.tallied.iter().position(|held| *held == tallied) {
            return number;
        }
        self.tallied.push(tallied);
        self.tallied.len() - 1
    }
}

/// What is tallied for a reading; `None` where its values have to be there one by one.
fn kind_of(reading: &Reading) -> Option<TallyKind> {
    if reading.is_of_money() {
        return None;
    }
    match reading.function {
        AggregateFunction::Count => Some(TallyKind::Matches),
        AggregateFunction::Distinct => Some(TallyKind::Distinct),
        AggregateFunction::Median => None,
        _ => Some(TallyKind::Values),
    }
}
