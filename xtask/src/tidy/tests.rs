use std::path::Path;

use expect_test::{Expect, expect};

use super::edges::{Dependency, Package};
use super::tokens::tokenize;
use super::tree::{SourceFile, SourceTree};
use super::{Problem, edges, rebuild, source};

fn tree(files: &[(&str, &str)]) -> SourceTree {
    let files = files
        .iter()
        .map(|(path, text)| SourceFile {
            path: (*path).to_owned(),
            size_bytes: text.len() as u64,
            text: Some((*text).to_owned()),
        })
        .collect();
    SourceTree { files }
}

fn listing(problems: &[Problem]) -> String {
    problems.iter().map(|problem| format!("{problem}\n")).collect()
}

fn check_tree(tree: &SourceTree) -> Vec<Problem> {
    let machine_paths = source::MachinePaths::new(Path::new("/checkouts/segops")).unwrap();
    source::check(tree, &machine_paths)
}

fn check_source(path: &str, text: &str, expected: &Expect) {
    expected.assert_eq(&listing(&check_tree(&tree(&[(path, text)]))));
}

fn check_rebuild(files: &[(&str, &str)], expected: &Expect) {
    let files: Vec<(String, &str)> =
        files.iter().map(|(path, text)| (format!("crates/engine/src/{path}"), *text)).collect();
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), *text)).collect();
    expected.assert_eq(&listing(&rebuild::check(&tree(&files))));
}

fn check_edge(user: &str, used: &str, kind: Option<&str>, in_workspace: bool, expected: &Expect) {
    let dependency = Dependency {
        name: used.to_owned(),
        kind: kind.map(str::to_owned),
        path: in_workspace.then(|| format!("crates/{used}")),
    };
    let packages = [Package { name: user.to_owned(), dependencies: vec![dependency] }];
    expected.assert_eq(&listing(&edges::check(&packages)));
}

#[test]
fn a_crate_uses_lower_layers_only() {
    check_edge("segops-engine", "segops-segment", None, true, &expect![[""]]);
    check_edge("segops-server", "segops-model", None, true, &expect![[""]]);
    check_edge(
        "segops-segment",
        "segops-store",
        None,
        true,
        &expect![[r#"
            error: crates/segment/Cargo.toml: `segops-segment` (layer 3) may not use `segops-store` (layer 3); move what both need to a lower layer, or let a higher one connect them
        "#]],
    );
    check_edge("segops-query", "segops-parts", None, true, &expect![[""]]);
    for refused in ["segops-engine", "segops-store"] {
        let dependency = Dependency { name: refused.to_owned(), kind: None, path: Some("crates".to_owned()) };
        let packages = [Package { name: "segops-query".to_owned(), dependencies: vec![dependency] }];
        assert!(
            listing(&edges::check(&packages)).contains(&format!("`segops-query` may not use `{refused}`"))
        );
    }
    check_edge(
        "segops-rules",
        "segops-engine",
        Some("dev"),
        true,
        &expect![[r#"
            error: crates/rules/Cargo.toml: `segops-rules` (layer 2) may not use `segops-engine` (layer 4); move what both need to a lower layer, or let a higher one connect them
        "#]],
    );
}

#[test]
fn the_test_crate_is_for_tests() {
    check_edge("segops-engine", "segops-testkit", Some("dev"), true, &expect![[""]]);
    check_edge(
        "segops-engine",
        "segops-testkit",
        None,
        true,
        &expect![[r#"
            error: crates/engine/Cargo.toml: `segops-testkit` never ships; use it as a dev-dependency
        "#]],
    );
}

#[test]
fn crates_beside_the_product_stay_outside() {
    check_edge("segops-testkit", "segops-store", None, true, &expect![[""]]);
    check_edge(
        "segops-bench",
        "segops-engine",
        None,
        true,
        &expect![[r#"
            error: bench/Cargo.toml: `segops-bench` may not use `segops-engine`; use what that crate offers from outside, or change xtask/src/tidy/edges.rs with an ADR
        "#]],
    );
    check_edge(
        "segops-engine",
        "segops-web-assets",
        None,
        true,
        &expect![[r#"
            error: crates/engine/Cargo.toml: only `segops-server` may use `segops-web-assets`; go through `segops-server`
        "#]],
    );
}

#[test]
fn a_new_crate_needs_a_layer() {
    check_edge(
        "segops-shiny",
        "serde",
        None,
        false,
        &expect![[r#"
            error: crates/shiny/Cargo.toml: crate `segops-shiny` has no layer; place it in xtask/src/tidy/edges.rs and write an ADR that says why
        "#]],
    );
}

#[test]
fn only_sql_names_datafusion() {
    check_edge("segops-sql", "datafusion", None, false, &expect![[""]]);
    check_edge("segops-sql", "arrow-pg", None, false, &expect![[""]]);
    check_edge("segops-sql", "datafusion-proto", None, false, &expect![[""]]);
    check_edge(
        "segops-server",
        "datafusion-expr",
        None,
        false,
        &expect![[r#"
            error: crates/server/Cargo.toml: `datafusion-expr` is named by `segops-sql` alone; move this code there, or ask `segops-sql` for it
        "#]],
    );
}

#[test]
fn only_parts_names_arrow() {
    check_edge("segops-parts", "arrow-array", None, false, &expect![[""]]);
    check_edge(
        "segops-store",
        "parquet",
        None,
        false,
        &expect![[r#"
            error: crates/store/Cargo.toml: `parquet` is named by `segops-parts` alone; move this code there, or ask `segops-parts` for it
        "#]],
    );
}

#[test]
fn a_file_is_short() {
    check_source("crates/model/src/a.rs", &"// line\n".repeat(500), &expect![[""]]);
    check_source(
        "crates/model/src/a.rs",
        &"// line\n".repeat(501),
        &expect![[r#"
            warning: crates/model/src/a.rs: 501 lines, over 500; a file is one idea: split it
        "#]],
    );
    check_source(
        "tests/sdk/node/a.js",
        &"// line\n".repeat(601),
        &expect![[r#"
            error: tests/sdk/node/a.js: 601 lines, over 500; a file is one idea: split it
        "#]],
    );
    check_source("docs/long.md", &"a line\n".repeat(700), &expect![[""]]);
}

#[test]
fn a_large_file_is_data() {
    let large = "x".repeat(2 * 1024 * 1024 + 1);
    check_source("data/cdnow/master.txt", &large, &expect![[""]]);
    check_source(
        "docs/picture.svg",
        &large,
        &expect![[r#"
            error: docs/picture.svg: 2097153 bytes, over 2097152; keep data under data/ with its provenance, or let a script make it
        "#]],
    );
}

#[test]
fn a_module_is_named_for_its_idea() {
    for path in
        ["crates/model/src/utils.rs", "crates/model/src/common/mod.rs", "crates/model/tests/helpers/a.rs"]
    {
        let problems = check_tree(&tree(&[(path, "")]));
        assert_eq!(problems.len(), 1, "{path}: {problems:?}");
    }
    check_source(
        "crates/model/src/a.rs",
        "mod misc {\n}\nmod common_prefix {}\n",
        &expect![[r#"
            error: crates/model/src/a.rs:1: `misc` says nothing of what is inside; name the module for the one idea that it holds
        "#]],
    );
}

#[test]
fn no_test_is_ignored_and_no_work_left_open() {
    check_source(
        "crates/model/src/a.rs",
        "#[test]\n#[ignore = \"slow\"]\nfn a() { todo!() }\n#[cfg_attr(miri, ignore)]\nfn b() {}",
        &expect![[r#"
            error: crates/model/src/a.rs:2: an ignored test tests nothing; make it pass, or remove it
            error: crates/model/src/a.rs:3: `todo!` is unfinished work; finish it, or return an error that says so
            error: crates/model/src/a.rs:4: an ignored test tests nothing; make it pass, or remove it
        "#]],
    );
    check_source(
        "crates/model/src/a.rs",
        "// #[ignore] and todo!() in prose\nconst TEXT: &str = \"todo!() #[ignore]\";\nfn todo() {}",
        &expect![[""]],
    );
}

#[test]
fn a_library_opens_with_its_purpose() {
    check_source("crates/model/src/lib.rs", "//! Plain data.\n", &expect![[""]]);
    check_source(
        "crates/model/src/lib.rs",
        "mod a;\n",
        &expect![[r#"
            error: crates/model/src/lib.rs:1: no opening `//!`; begin with the crate's purpose and what it must not know
        "#]],
    );
}

#[test]
fn a_crate_takes_the_lints_of_the_workspace() {
    check_source(
        "crates/a/Cargo.toml",
        "[package]\nname = \"a\"\n\n[lints]\nworkspace = true\n",
        &expect![[""]],
    );
    check_source("Cargo.toml", "[workspace]\nmembers = []\n", &expect![[""]]);
    check_source(
        "crates/a/Cargo.toml",
        "[package]\nname = \"a\"\n",
        &expect![[r#"
            error: crates/a/Cargo.toml: the workspace's lints do not apply here; add `[lints]` with `workspace = true`
        "#]],
    );
}

#[test]
fn no_path_of_one_machine() {
    // Put together here, so that this file does not break the rule that it tests.
    let home = ["/ho", "me/ann/segops"].concat();
    for text in [format!("see {home}"), home.clone(), format!("data = \"{home}\"")] {
        let problems = check_tree(&tree(&[("docs/a.md", text.as_str())]));
        assert_eq!(problems.len(), 1, "{text}: {problems:?}");
    }
    check_source(
        "docs/a.md",
        "built in /checkouts/target, installed in /opt/segops",
        &expect![[r#"
            error: docs/a.md:1: `/checkouts/target` exists on one machine only; use a path relative to the workspace, or an environment variable
        "#]],
    );
    let in_a_url = ["https://shop.example/ho", "me/garden"].concat();
    check_source("docs/a.md", &in_a_url, &expect![[""]]);
    check_source("docs/a.md", "/homeward, and / alone", &expect![[""]]);
}

#[test]
fn tokens_leave_prose_and_strings_out() {
    let text = r##"fn f<'a>(x: &'a str) { /* crate::a /* b */ */ let c = '"'; let d = '\''; r#"crate::"b"#; r#type::x(b'"', "\"crate::c"); }"##;
    let words: Vec<String> =
        tokenize(text).iter().filter_map(|token| token.kind.word().map(str::to_owned)).collect();
    expect![[r#"fn f x str let c let d type x"#]].assert_eq(&words.join(" "));
}

#[test]
fn a_rebuild_without_the_fold_passes() {
    check_rebuild(
        &[
            ("lib.rs", "mod fold; mod rebuild; mod state; pub use fold::Engine; pub use state::State;"),
            ("fold/mod.rs", "use crate::state::State; pub struct Engine;"),
            ("rebuild/mod.rs", "mod gather; use crate::State; use gather::all; // crate::fold in prose"),
            ("rebuild/gather.rs", "use super::super::state; fn all() { state::read() }"),
            ("rebuild/tests.rs", "use crate::fold::Engine;"),
            ("state.rs", "pub struct State;"),
        ],
        &expect![[""]],
    );
}

#[test]
fn a_rebuild_that_names_the_fold_fails() {
    let fold = ("fold.rs", "mod apply; pub fn step() {}");
    check_rebuild(
        &[fold, ("rebuild.rs", "\nuse crate::{fold::apply, state};")],
        &expect![[r#"
            error: crates/engine/src/rebuild.rs:2: a rebuild reaches the incremental apply: rebuild -> fold; move what both need out of `fold`
        "#]],
    );
    check_rebuild(
        &[fold, ("rebuild/gather.rs", "fn all() { super::super::fold::step() }")],
        &expect![[r#"
            error: crates/engine/src/rebuild/gather.rs:1: a rebuild reaches the incremental apply: rebuild::gather -> fold; move what both need out of `fold`
        "#]],
    );
    check_rebuild(
        &[fold, ("rebuild.rs", "fn all() { inner::f() } mod inner { use super::super::fold; fn f() {} }")],
        &expect![[r#"
            error: crates/engine/src/rebuild.rs:1: a rebuild reaches the incremental apply: rebuild::inner -> fold; move what both need out of `fold`
        "#]],
    );
}

#[test]
fn a_rebuild_that_reaches_the_fold_by_others_fails() {
    check_rebuild(
        &[
            ("lib.rs", "mod fold; mod rebuild; mod shell; mod middle; pub use middle::open;"),
            ("fold.rs", "pub fn step() {}"),
            ("rebuild.rs", "use crate::open;"),
            ("middle.rs", "pub fn open() { crate::shell::run() }"),
            ("shell.rs", "pub(crate) use super::fold::step as run_step; pub fn run() { self::run_step() }"),
        ],
        &expect![[r#"
            error: crates/engine/src/shell.rs:1: a rebuild reaches the incremental apply: rebuild -> middle -> shell -> fold; move what both need out of `fold`
        "#]],
    );
}

#[test]
fn a_re_export_is_charged_to_whoever_names_it() {
    let files = |rebuild: &'static str| {
        [
            (
                "lib.rs",
                "pub mod fold; mod rebuild; mod error; pub use error::*; pub use fold::{Engine, Options};",
            ),
            ("fold.rs", "pub struct Engine; pub struct Options;"),
            ("error.rs", "pub enum Error {}"),
            ("rebuild.rs", rebuild),
        ]
    };
    check_rebuild(&files("use crate::Error;"), &expect![[""]]);
    check_rebuild(
        &files("use crate::Options;"),
        &expect![[r#"
            error: crates/engine/src/rebuild.rs:1: a rebuild reaches the incremental apply: rebuild -> fold; move what both need out of `fold`
        "#]],
    );
    check_rebuild(
        &files("use crate::*;"),
        &expect![[r#"
            error: crates/engine/src/rebuild.rs:1: a rebuild reaches the incremental apply: rebuild -> fold; move what both need out of `fold`
        "#]],
    );
}

#[test]
fn a_method_that_the_fold_adds_is_no_way_round() {
    let files = |rebuild: &'static str| {
        [
            ("state.rs", "pub struct State;"),
            (
                "fold.rs",
                "use crate::state::State; struct Own; impl Own { fn read(&self) {} } impl<'a> State { pub fn apply(&mut self) {} }",
            ),
            ("rebuild.rs", rebuild),
        ]
    };
    check_rebuild(&files("use crate::state::State; fn f(s: State) { s.read() }"), &expect![[""]]);
    check_rebuild(
        &files("use crate::state::State; fn f(s: State) { s.apply() }"),
        &expect![[r#"
            error: crates/engine/src/rebuild.rs:1: a rebuild reaches `apply`, which `fold` adds to `State`; make it a free function of `fold`, and let the rebuild do without
        "#]],
    );
}

#[test]
fn the_check_says_when_it_has_nothing_to_check() {
    check_rebuild(&[("lib.rs", "//! Nothing yet.")], &expect![[""]]);
    check_rebuild(
        &[("lib.rs", "mod rebuild;"), ("rebuild.rs", "")],
        &expect![[r#"
            error: crates/engine/src/lib.rs: no module `fold`, so that nobody checks that a rebuild can't reach the incremental apply; keep the names `rebuild` and `fold`
        "#]],
    );
}

#[test]
fn rust_that_no_crate_compiles_is_refused() {
    let tree = tree(&[
        ("Cargo.toml", "[workspace]"),
        ("crates/model/Cargo.toml", "[package]"),
        ("crates/model/src/lib.rs", ""),
        ("model/src/lib.rs", ""),
        ("tests/run.py", ""),
    ]);
    let problems = source::check_crates(&tree);
    let told = listing(&problems);
    assert_eq!(
        told.trim(),
        "error: model/src/lib.rs: no crate compiles this file; put it into one, or take it out"
    );
}
