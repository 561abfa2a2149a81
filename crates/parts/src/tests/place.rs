use expect_test::expect;
use object_store::Error;

use crate::place::Place;
use crate::unreachable::told_by_store;

#[test]
fn a_place_is_read_and_written_in_one_way() {
    for (url, written) in [
        ("s3://shop-history", "s3://shop-history"),
        ("s3://shop-history/", "s3://shop-history"),
        ("s3://shop-history/segops/eu/", "s3://shop-history/segops/eu"),
        ("gs://shop_history/a", "gs://shop_history/a"),
        ("az://history/a", "az://history/a"),
        ("file:///var/lib/segops/", "file:///var/lib/segops"),
    ] {
        assert_eq!(Place::parse(url).expect("a place").to_string(), written);
    }
}

#[test]
fn what_names_more_than_a_place_is_refused_and_not_repeated() {
    let urls = [
        "shop-history",
        "http://shop-history/a",
        "s3:///a",
        "s3://KEY:SECRET@shop-history/a",
        "s3://shop-history/a?X-Amz-Signature=SECRET",
        "s3://shop-history/a//b",
        "s3://shop-history/../b",
        "s3://shop history",
        "file://folder",
        "file:///",
    ];
    let told: Vec<String> =
        urls.iter().map(|url| Place::parse(url).expect_err("no place").to_string()).collect();
    assert!(told.iter().all(|told| !told.contains("SECRET")), "{told:?}");
    expect![[r#"
        `shop-history` is no place for parts: write it as s3://bucket/prefix, gs://bucket/prefix, az://container/prefix or file:///folder
        `http://shop-history/a` is no place for parts: write it as s3://bucket/prefix, gs://bucket/prefix, az://container/prefix or file:///folder
        `s3:///a` is no place for parts: it names no bucket; write it as s3://bucket/prefix
        `shop-history/a` is no place for parts: it names a bucket and a prefix, and nothing else; credentials and endpoint come from the environment
        `s3://shop-history/a` is no place for parts: it names a bucket and a prefix, and nothing else; credentials and endpoint come from the environment
        `s3://shop-history/a//b` is no place for parts: its prefix has an empty part, or one that is `.` or `..`
        `s3://shop-history/../b` is no place for parts: its prefix has an empty part, or one that is `.` or `..`
        `s3://shop history` is no place for parts: it names no bucket; write it as s3://bucket/prefix
        `file://folder` is no place for parts: a folder is named by its whole path: file:///folder
        `file:///` is no place for parts: a folder is named by its whole path: file:///folder"#]]
    .assert_eq(&told.join("\n"));
}

#[test]
fn what_a_store_says_comes_with_what_to_do_and_without_what_is_secret() {
    let told = |text: &str| {
        let source = Error::Generic { store: "S3", source: text.to_owned().into() };
        told_by_store("s3://b/p".to_owned(), "list", "manifest".to_owned(), source)
    };
    let refused = told("403 Forbidden: <Code>InvalidAccessKeyId</Code>");
    assert!(refused.is_unreachable());
    expect!["the history at s3://b/p cannot be reached: it was to list `manifest`, and it said: Generic S3 error: 403 Forbidden: <Code>InvalidAccessKeyId</Code>; check the credentials in the environment, and that they may list, read, write and delete there"].assert_eq(&refused.to_string());
    let missing = told("404: <Code>NoSuchBucket</Code>").to_string();
    assert!(missing.contains("make the bucket"), "{missing}");
    let nobody = told("PUT http://169.254.169.254/latest/api/token failed").to_string();
    assert!(nobody.contains("AWS_ACCESS_KEY_ID"), "{nobody}");
    let away = told("GET https://host/a?sig=SECRET\n in 3 s").to_string();
    assert!(away.contains("https://host/a in 3 s") && !away.contains("SECRET"), "{away}");
    let source = Error::NotFound { path: "a".to_owned(), source: "gone".into() };
    assert!(!told_by_store(String::new(), "read", "a".to_owned(), source).is_unreachable());
}
