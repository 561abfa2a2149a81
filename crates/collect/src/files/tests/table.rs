use crate::files::read_table;

fn rows(text: &str) -> Vec<(u64, Result<Vec<String>, String>)> {
    let mut rows = Vec::new();
    read_table(text.as_bytes(), &mut |header, row| {
        assert_eq!(header[0], "Email");
        rows.push((row.line, row.cells));
    })
    .expect("a table");
    rows
}

#[test]
fn rows_come_with_their_lines() {
    let read = rows("Email;Status\nann@shop.example; yes\n\n\"bob@shop.example\";\"no\nmore\"\nonly one\n");
    let texts = |cells: &[&str]| Ok(cells.iter().map(|cell| (*cell).to_owned()).collect());
    assert_eq!(read[0], (2, texts(&["ann@shop.example", "yes"])));
    assert_eq!(read[1], (4, texts(&["bob@shop.example", "no\nmore"])));
    assert_eq!(read[2].0, 6);
    assert_eq!(read[2].1, Err("the row has 1 values and the table 2 columns".to_owned()));
}

#[test]
fn a_file_without_a_header_is_refused() {
    let error = read_table("".as_bytes(), &mut |_, _| {}).expect_err("empty");
    assert!(error.to_string().contains("empty"), "{error}");
}
