use expect_test::expect;
use proptest::prelude::*;
use segops_model::Limits;

use super::{context, import, import_with, lines};
use crate::RejectionCode as Code;
use crate::files::{FileContext, ImportError};

const PLAIN: &str = r#"
name = "plain"
rest = "properties"
event = { name = "E" }
time = { columns = ["at"] }
identifiers = [{ column = "id", kind = "user_id" }]
"#;

#[test]
fn quotes_newlines_blank_lines_and_a_byte_order_mark() {
    let file = "\u{feff}id;at;\"note;s\"\r\n\r\na;2026-01-02;\"one \"\"1\"\"\r\ntwo\"\r\n\r\nb;2026-01-03;5\" screen";
    expect![[r#"
        [1] E [user_id:a] 2026-01-02T00:00:00.000Z abc123:1 {"note;s":"one \"1\"\r\ntwo"}
        [2] E [user_id:b] 2026-01-03T00:00:00.000Z abc123:2 {"note;s":"5\" screen"}
    "#]]
    .assert_eq(&lines(&import(file, PLAIN)));
}

#[test]
fn each_bad_row_is_rejected_alone() {
    let file = b"id,at,n\na,2026-01-02,1\nb,2026-01-02\n\xff,2026-01-02,1\n,2026-01-02,1\nc,soon,1\nd,2030-01-01,1\ne,,1\nf,2026-01-02,2\n";
    let groups = import_with(file, Some(PLAIN), false, context()).unwrap();
    expect![[r#"
        [1] E [user_id:a] 2026-01-02T00:00:00.000Z abc123:1 {"n":1}
        [2] WrongColumnCount at row 2 (line 3): the row has 2 values and the table 3 columns; look for a missing quote, or for the delimiter within a value <b,2026-01-02>
        [3] InvalidEncoding at row 3 (line 4): the row is not UTF-8; save the file as UTF-8 <�,2026-01-02,1>
        [4] MissingIdentifier at row 4 (line 5): the event says nothing of who did it; send `userId` or `anonymousId`, or an email address or phone number in its traits <,2026-01-02,1>
        [5] InvalidTimestamp at row 5 (line 6): `soon` is no time that can be read; expected ISO 8601 or an epoch number; name another format in `time.formats` <c,soon,1>
        [6] TimestampInFuture at row 6 (line 7): the time 2030-01-01T00:00:00.000Z is more than 24 hours ahead of the import; correct the row, or the mapping's time format or zone <d,2030-01-01,1>
        [7] InvalidTimestamp at row 7 (line 8): the row has no time; fill the time column <e,,1>
        [8] E [user_id:f] 2026-01-02T00:00:00.000Z abc123:8 {"n":2}
    "#]].assert_eq(&lines(&groups));
}

#[test]
fn delimiters_are_found_or_named() {
    let check = |delimiter: &str, header: &str, row: &str| {
        let mapping = format!("delimiter = {delimiter:?}\n{PLAIN}");
        let groups = import(&format!("{header}\n{row}\n"), &mapping);
        assert!(groups.len() == 1 && groups[0].outcome.is_ok(), "{delimiter} {}", lines(&groups));
    };
    check("auto", "id,at,n", "a,2026-01-02,1");
    check("auto", "id;at;n", "a;2026-01-02;1,5");
    check("auto", "id\tat\tn", "a\t2026-01-02\t1");
    check("auto", "id|at|\"n,,,,\"", "a|2026-01-02|1");
    check("whitespace", "  id at   n ", "a 2026-01-02\t 1");
    check("tab", "id\tat", "a\t2026-01-02");
    check(":", "id:at", "a:2026-01-02");
}

#[test]
fn a_row_past_the_limit_takes_no_more_memory_than_it_and_the_file_goes_on() {
    let limits = Limits { event_bytes_max: 2_000, rejection_bytes_max: 20, ..Limits::default() };
    let small = || FileContext { limits, ..context() };
    let long = "x".repeat(1_000_000);
    let file = format!("id,at,n\na,2026-01-02,{long}\nb,2026-01-02,1\n");
    let groups = import_with(file.as_bytes(), Some(PLAIN), false, small()).unwrap();
    let codes: Vec<_> =
        groups.iter().map(|g| g.outcome.as_ref().map_err(|r| (r.code, r.raw.as_str())).map(|_| ())).collect();
    assert_eq!(codes, [Err((Code::EventTooLarge, "a,2026-01-02,xxxxxxx")), Ok(())]);

    // An open quote swallows the rest; that is one row, and it is told.
    let file = format!("id,at,n\nb,2026-01-02,1\na,2026-01-02,\"{long}\nc,2026-01-02,1\n");
    let groups = import_with(file.as_bytes(), Some(PLAIN), false, small()).unwrap();
    assert_eq!(groups.len(), 2);
    assert_eq!(groups[1].outcome.as_ref().unwrap_err().code, Code::EventTooLarge);

    let commas = ",".repeat(100_000);
    let file = format!("id,at,n\n{commas}\nb,2026-01-02,1\n");
    let groups = import_with(file.as_bytes(), Some(PLAIN), false, context()).unwrap();
    assert_eq!(groups[0].outcome.as_ref().unwrap_err().code, Code::EventTooLarge);
    assert!(groups[1].outcome.is_ok());

    let spaced = format!("delimiter = \"whitespace\"\n{PLAIN}");
    let file = format!("id at n\na 2026-01-02 {long}\nb 2026-01-02 1\n");
    let groups = import_with(file.as_bytes(), Some(&spaced), false, small()).unwrap();
    assert_eq!(groups[0].outcome.as_ref().unwrap_err().raw.len(), 20);
    assert!(groups[1].outcome.is_ok());
}

#[test]
fn a_file_that_is_no_table_is_refused_before_its_first_row() {
    let check = |file: &[u8], expected: &str| {
        let error = import_with(file, Some(PLAIN), false, context()).unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
    };
    check(b"", "empty");
    check(b"\xff\xfei\0d\0", "UTF-16");
    check(b"id,\xff\n", "not UTF-8");
    check(b"id,at,id\n", "two columns are named `id`");
    check(b"id,When\n", "no column `at`; the file has `id`, `When`");
}

#[test]
fn progress_counts_bytes_to_the_end() {
    let file = "\u{feff}id,at\na,2026-01-02\nb,2026-01-02\n";
    let groups = import(file, PLAIN);
    assert_eq!(groups.last().map(|group| group.bytes_read), Some(u64::try_from(file.len()).unwrap()));
}

#[test]
fn a_reader_that_fails_ends_the_import_with_its_error() {
    struct Broken(usize);
    impl std::io::Read for Broken {
        fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
            self.0 += 1;
            if self.0 > 70_000 {
                return Err(std::io::Error::other("disk gone"));
            }
            let text = b"id,at\na,2026-01-02\n";
            let at = self.0 - 1;
            into[0] = text[if at < 6 { at } else { 6 + (at - 6) % 13 }];
            Ok(1)
        }
    }
    let mapping = crate::files::Mapping::parse(PLAIN).unwrap();
    let reader = std::io::BufReader::new(Broken(0));
    let mut rows = crate::files::read_csv(reader, &mapping, context()).unwrap();
    let last = rows.by_ref().last();
    assert!(matches!(last, Some(Err(ImportError::Read(_)))));
    assert!(rows.next().is_none());
}

proptest! {
    #[test]
    fn mutated_files_never_panic_and_lose_no_row(
        cuts in prop::collection::vec((any::<prop::sample::Index>(), prop::sample::select(&b"\",;\n\r\t x\xff\xc30"[..]), any::<bool>()), 0..20),
        grouped in any::<bool>(),
    ) {
        let mut file = b"id,at,n\na,2026-01-02,1\na,2026-01-02,\"x\ny\"\nb,2026-01-03,3\nc,2026-01-04,4\n".to_vec();
        for (at, byte, insert) in cuts {
            // The header stays, or there is nothing to read.
            let at = 8 + at.index(file.len() - 8);
            if insert { file.insert(at, byte) } else { file[at] = byte }
        }
        let more = if grouped { "group_rows_by = [\"id\"]\nitems = [{ column = \"n\" }]\n" } else { "" };
        let mapping = format!("{more}{PLAIN}");
        prop_assert!(import_with(&file, Some(&mapping), false, context()).is_ok());
        let _ = import_with(&file, None, true, context());
    }
}
