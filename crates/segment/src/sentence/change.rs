use segops_model::Instant;

use super::words::Words;

/// Acts that are told for one change.
const ACTS_SHOWN: usize = 6;

/// What it takes to change a verdict, beside time alone.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Change {
    /// What has to happen, all of it.
    acts: Vec<String>,
    /// What time alone has to do as well is not done before.
    not_before: Option<Instant>,
}

impl Change {
    pub(super) fn by(act: impl Into<String>) -> Self {
        Self { acts: vec![act.into()], not_before: None }
    }

    pub(super) const fn of_time(at: Instant) -> Self {
        Self { acts: Vec::new(), not_before: Some(at) }
    }

    /// All of these.
    pub(super) fn every(changes: impl IntoIterator<Item = Self>) -> Self {
        changes.into_iter().fold(Self::default(), |mut all, one| {
            all.acts.extend(one.acts);
            all.acts.dedup();
            all.not_before = all.not_before.max(one.not_before);
            all
        })
    }

    /// Any one of these. What time alone brings about is told with the verdict itself.
    pub(super) fn either(changes: impl IntoIterator<Item = Self>, words: &Words<'_>) -> Option<Self> {
        let mut texts: Vec<String> = changes.into_iter().filter_map(|change| change.text(words)).collect();
        texts.dedup();
        texts.truncate(ACTS_SHOWN);
        (!texts.is_empty()).then(|| Self::by(texts.join(", or ")))
    }

    /// `with 1 more order and once country is DE`; none where nothing but time is needed, or too much.
    pub(super) fn text(&self, words: &Words<'_>) -> Option<String> {
        if self.acts.is_empty() || self.acts.len() > ACTS_SHOWN {
            return None;
        }
        let acts = self.acts.join(" and ");
        Some(match self.not_before {
            Some(at) => format!("{acts}, and not before {}", words.moment(at)),
            None => acts,
        })
    }
}
