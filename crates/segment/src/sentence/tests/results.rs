use expect_test::expect;

use segops_model::ResultId;

use super::{ordered, tell};
use crate::sample::instant;
use crate::{Naming, ResultKind};

#[test]
fn named_or_not() {
    let mut story = ordered(&[]);
    let rule = "everyone where in result \"VIPs by SQL\"";
    tell(
        rule,
        &story,
        &expect![
            "Out: the result VIPs by SQL was not computed yet, needs to be named by it. Enters once VIPs by SQL is refreshed and names them."
        ],
    );
    let as_of = Some(instant("2026-02-26T06:00:00Z"));
    let mut naming = Naming { is_named: true, kind: Some(ResultKind::Query), as_of };
    story.namings.insert(ResultId(7), naming);
    tell(
        rule,
        &story,
        &expect![
            "In, because: the query VIPs by SQL, as of 26 Feb at 07:00, named them. Leaves once VIPs by SQL is refreshed without them."
        ],
    );
    tell(
        "everyone where not in result \"VIPs by SQL\"",
        &story,
        &expect![
            "Out: the query VIPs by SQL, as of 26 Feb at 07:00, named them, needs not to be named by it. Enters once VIPs by SQL is refreshed without them."
        ],
    );
    naming.is_named = false;
    story.namings.insert(ResultId(7), naming);
    tell(
        rule,
        &story,
        &expect![
            "Out: the query VIPs by SQL, as of 26 Feb at 07:00, did not name them, needs to be named by it. Enters once VIPs by SQL is refreshed and names them."
        ],
    );
}
