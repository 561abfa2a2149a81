use segops_model::{ConsentChannel, Identifier, ListId, ProfileId, ResultId, SegmentId, SignalId, Value};
use segops_segment::{
    ConsentHistory, History, Naming, ProfileView, RankingKey, RankingThreshold, RecordedScore,
    RecordedTransitions, Timeline,
};

/// A profile by its history, for numbers and values, which ask for no segments or thresholds.
#[derive(Debug)]
pub struct HistoryView<'a>(pub &'a History);

impl ProfileView for HistoryView<'_> {
    fn timeline(&self, signal: SignalId) -> Option<&Timeline> {
        self.0.timelines.iter().find(|(id, _)| *id == signal).map(|(_, timeline)| timeline)
    }

    fn trait_value(&self, root: &str) -> Option<&Value> {
        self.0.traits.iter().find(|(name, _)| name == root).map(|(_, value)| value)
    }

    fn is_identified(&self) -> bool {
        self.0.is_identified()
    }

    fn profile(&self) -> ProfileId {
        self.0.profile
    }

    fn is_member(&self, _: SegmentId) -> bool {
        false
    }

    fn recorded_score(&self, score: &str) -> Option<RecordedScore> {
        self.0.recorded_score(score)
    }

    fn threshold(&self, _: &RankingKey) -> Option<&RankingThreshold> {
        None
    }

    fn identifiers(&self) -> &[Identifier] {
        &self.0.identifiers
    }

    fn consent(&self, channel: ConsentChannel, identifier: &Identifier) -> Option<&ConsentHistory> {
        self.0.consent(channel, identifier)
    }

    fn is_listed(&self, list: ListId) -> bool {
        self.0.lists.binary_search(&list).is_ok()
    }

    fn naming(&self, result: ResultId) -> Naming {
        self.0.naming(result)
    }

    fn recorded(&self, _: SegmentId) -> Option<&RecordedTransitions> {
        None
    }
}
