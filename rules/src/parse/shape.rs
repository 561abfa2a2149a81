use crate::problem::TextSpan;

/// Where the parts of a tree are in the text: one node for each condition and predicate, in the tree's
/// own order.
#[derive(Debug, Clone)]
pub(super) struct Shape {
    pub(super) span: TextSpan,
    pub(super) parts: Vec<Shape>,
}

impl Shape {
    pub(super) fn leaf(span: TextSpan) -> Self {
        Self { span, parts: Vec::new() }
    }

    /// The text of the innermost part that a place such as `when.all[1].event.event.where` is in.
    pub(super) fn span_of(&self, place: &str) -> TextSpan {
        let mut shape = self;
        for step in place.split('.') {
            let (name, index) = match step.split_once('[') {
                Some((name, index)) => (name, index.trim_end_matches(']').parse().ok()),
                None => (step, None),
            };
            let part = match (name, index) {
                ("all" | "any" | "none" | "steps", Some(index)) => index,
                ("not" | "where", None) => 0,
                // The aggregate that another is compared with.
                ("times", None) => 1,
                // What is asked of a chosen event, and the chosen event that others are counted around.
                ("has" | "of", None) => 1,
                _ => continue,
            };
            match shape.parts.get(part) {
                Some(inner) => shape = inner,
                None => break,
            }
        }
        shape.span
    }
}
