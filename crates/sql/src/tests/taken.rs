use segops_model::{Limits, ProfileId};
use std::sync::Arc;

use super::sample::{Shop, query, service};
use crate::{Opener, SqlError, Workspace};

fn opener() -> Opener {
    Box::new(|_| Ok(Arc::new(Shop::new(false)) as Arc<dyn Workspace>))
}

fn ids(text: &str, max: usize) -> Result<Vec<u64>, SqlError> {
    let sql = service(Limits::default());
    let named = sql.profile_ids(query(text), opener(), max, |id| assert!(id > 0))?;
    Ok(named.profiles.into_iter().map(|ProfileId(id)| id).collect())
}

#[test]
fn profiles_are_named_by_number_and_by_id() {
    let all = "SELECT DISTINCT profile AS profile_id FROM events ORDER BY 1";
    assert_eq!(ids(all, 10), Ok(vec![1, 2, 3]));
    assert_eq!(
        ids("SELECT 'p_' || profile AS profile_id FROM events GROUP BY 1 ORDER BY 1", 10),
        Ok(vec![1, 2, 3])
    );
    assert_eq!(ids("SELECT '7' AS x, profile FROM events WHERE position = 0", 10).unwrap().len(), 1);
    assert_eq!(ids("VALUES (1)", 10).map_err(|error| error.to_string().contains("`profile_id`")), Err(true));
    assert_eq!(ids("SELECT NULL AS profile_id", 10), Ok(Vec::new()));
    assert_eq!(ids("SELECT profile AS profile_id FROM events WHERE false", 10), Ok(Vec::new()));
}

#[test]
fn what_names_nobody_is_said() {
    let said = |text: &str, max: usize| ids(text, max).unwrap_err().to_string();
    assert!(
        said("SELECT 'ann' AS profile_id", 10).contains("`ann` in the column `profile_id` is no profile")
    );
    assert!(said("SELECT -4 AS profile_id", 10).contains("`-4`"));
    assert!(said("SELECT profile AS profile_id FROM events", 59).contains("more than 59 profiles"));
    let misspelt = ids("SELECT profile_id\nFROM evnts", 10).unwrap_err();
    assert!(misspelt.to_string().contains("did you mean `events`?"), "{misspelt}");
}

#[test]
fn a_row_of_numbers_is_taken() {
    let numbers = |text: &str| {
        let sql = service(Limits::default());
        let found = sql.numbers(query(text), opener(), |_| {})?;
        Ok::<_, SqlError>(found.into_iter().map(|one| one.map(|one| one.to_string())).collect::<Vec<_>>())
    };
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(
        numbers("SELECT count(*), sum(\"total:number\"), 0.25, 1.5e0, NULL FROM events"),
        Ok(vec![some("60"), some("900"), some("0.25"), some("1.5"), None])
    );
    assert_eq!(numbers("SELECT 1 WHERE false"), Ok(Vec::new()));
    assert!(numbers("VALUES (1), (2)").unwrap_err().to_string().contains("more than one row"));
    assert!(numbers("SELECT 'a'").unwrap_err().to_string().contains("expected one number"));
}
