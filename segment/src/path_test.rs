//! A test of whatever a path leads to, lists on the way included.

use jiff::tz::TimeZone;

use segops_model::{Path, Value};
use segops_rules::Test;

use crate::ValueTest;

/// A path and the test of its value. Where the path goes through a list (`products[].price`), the test
/// holds if it does for any element; a negation is of the whole.
#[derive(Debug, Clone)]
pub(crate) struct PathTest {
    /// To the value, or to the first list on the way.
    path: Path,
    /// From each element of a list on to the next list, and at last to the value.
    within: Vec<Path>,
    test: ValueTest,
}

impl PathTest {
    pub(crate) fn compile(path: &Path, test: &Test, match_case: bool, zone: &TimeZone) -> Self {
        let mut within = Vec::new();
        let mut first = path.clone();
        let mut rest = path.split_list();
        while let Some((list, after)) = rest {
            match within.last_mut() {
                None => first = list,
                Some(last) => *last = list,
            }
            // A list's name alone is the list: tests look into its elements by themselves.
            let Some(after) = after else { break };
            rest = after.split_list();
            within.push(after);
        }
        Self { path: first, within, test: ValueTest::compile(test, match_case, zone) }
    }

    pub(crate) const fn path(&self) -> &Path {
        &self.path
    }

    /// Given the value at [`PathTest::path`].
    pub(crate) fn holds(&self, value: Option<&Value>) -> bool {
        self.any_holds(value, &self.within) != self.test.is_negated()
    }

    fn any_holds(&self, value: Option<&Value>, within: &[Path]) -> bool {
        let Some((path, deeper)) = within.split_first() else { return self.test.holds_unnegated(value) };
        let elements = value.and_then(Value::as_list).unwrap_or_default();
        let mut objects = elements.iter().filter_map(Value::as_object);
        objects.any(|object| self.any_holds(path.in_object(object), deeper))
    }
}
