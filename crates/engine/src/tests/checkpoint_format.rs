//! What is in a checkpoint's file, byte by byte: what was ever written is read for ever, and what is written changes only
//! with its kind's version.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use expect_test::{Expect, expect};
use serde_json::json;
use xxhash_rust::xxh3::xxh3_64;

use segops_model::{ConsentChannel, ConsentFile, ConsentState, ConsentStatement, Limits};
use segops_store::{CheckpointFolder, Disk};
use segops_testkit::MemoryDisk;

use super::world::{AUTHOR, DAY_MS, World, instant, rule, small_parts};
use crate::checkpoint::{Kind, Loader, Restored};
use crate::definitions::{ComputedTraits, DerivedEvents};
use crate::scores::ScoresSent;
use crate::shell::Held;
use crate::view::ListRows;

/// A whole checkpoint from before there were derived events.
const FIRST: &[u8] = include_bytes!("fixtures/checkpoint-1.whole");
/// The file of the whole checkpoint of [`story`].
const NEWEST: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/tests/fixtures/checkpoint-2.whole");
/// Kinds that the story has nothing of.
const LATER: &[Kind] = &[Kind::Result, Kind::ResultMembers, Kind::Alarm];
/// Set to have the file written anew, from the engine's folder: for a new format, beside the old one.
const WRITES: &str = "SEGOPS_WRITE_CHECKPOINT_FIXTURE";

/// Something of every kind, some of it under way.
fn story() -> World {
    let limits = Limits { transitions_kept_max: 8, ..Limits::default() };
    let mut world = World::keeping(instant("2026-03-01T12:00:00Z"), small_parts(), limits);
    let engine = world.engine.clone();
    engine
        .create_definition::<ComputedTraits>(AUTHOR, "spent", r#"sum of total over "Order Completed""#)
        .expect("made");
    let sessions = r#"sessions of any event with gap of 12 hours, split at midnight"#;
    engine.create_definition::<DerivedEvents>(AUTHOR, "Session", sessions).expect("made");
    let touch = r#"first touch of "Page Seen" before "Order Completed" within 3 days"#;
    engine.create_definition::<DerivedEvents>(AUTHOR, "First Touch", touch).expect("made");
    engine.create_list(AUTHOR, "VIPs").expect("a list");
    let row = vec!["user_id:u1".to_owned(), "email:ann@shop.example".to_owned()];
    let rows = ListRows { add: row, remove: Vec::new(), kind: None };
    engine.change_list(AUTHOR, "VIPs", &rows).expect("taken");
    let product = json!({"id": "p1", "sku": "s1", "price": 12.5, "colour": "red"});
    let product = crate::product_change(product, engine.limits()).expect("a product");
    engine.change_products(AUTHOR, vec![product]).expect("taken");
    let source = engine.find_source("Shop").expect("a source").id;
    engine.start_import(AUTHOR, &"ab".repeat(32), "orders.csv", source).expect("started");
    world.segment("Buyers", r#"did "Order Completed" >= 2 times in last 3 days"#);
    world.segment("Spenders", r#"everyone where sum of total over "Order Completed" >= 20"#);
    world.segment("Red", r#"everyone where did "Order Completed" where product.price >= 10"#);
    world.segment("Best", r#"everyone where top 50% by sum of total over "Order Completed" in last 30 days"#);
    world.segment("Not buyers", r#"everyone where not in segment "Buyers""#);
    world.segment("Moved", r#"everyone where plan changed in last 1 month"#);
    world.segment("Visitors", r#"everyone where sum of event_count over "Session" >= 2"#);
    world.segment("Touched", r#"everyone where did "First Touch" where touch.event exists"#);
    for (user, day) in [("u1", 0), ("u2", 1), ("u1", 2), ("u3", 3), ("u2", 3)] {
        world.send(json!({"anonymousId": format!("b{day}"), "event": "Page Seen"}));
        world.send(json!({
            "userId": user, "event": "Order Completed",
            "properties": {"order_id": format!("o{day}"), "total": 10 + day, "product_id": "p1", "note": null},
        }));
        world.send(json!({
            "type": "identify", "userId": user, "anonymousId": format!("b{day}"),
            "traits": {"plan": day, "tags": ["a", {"b": 1.25}], "email": format!("{user}@shop.example")},
        }));
        world.pass_ms(DAY_MS);
    }
    let said = ConsentStatement {
        channel: ConsentChannel::Email,
        address: "u1@shop.example".into(),
        topic: Some("news".into()),
        store: None,
        state: ConsentState::OptedIn,
        ts: world.now(),
    };
    let file = ConsentFile { hash: "cd".repeat(32), first_at: world.now() };
    engine.record_consent(AUTHOR, &[said], Some(&file)).expect("taken");
    let values = vec![("user_id:u1".to_owned(), json!("0.25"))];
    let sent = ScoresSent { kind: None, as_of: None, version: Some("v1".to_owned()), values };
    engine.record_scores(AUTHOR, "propensity", sent).expect("scores");
    world.send(json!({"type": "alias", "userId": "u3", "previousId": "b9"}));
    engine.delete_profile(AUTHOR, world.profile("user_id", "u3")).expect("deleted");
    // A split and a priming that are under way, with what has come in since they began.
    world.hold(Held::Splits);
    world.hold(Held::Primings);
    let split = [segops_model::Identifier::new("anonymous_id", "b2")];
    let split = engine.split_profile(AUTHOR, world.profile("user_id", "u1"), &split).expect("a split");
    world.attempt(split.id).expect("begun");
    let viewers = rule(r#"did "Product Viewed""#);
    let (segment, _) = engine.create_segment(AUTHOR, "Viewers", &viewers).expect("a segment");
    world.begin_priming(segment.id);
    world.send(json!({"userId": "u1", "event": "Product Viewed", "properties": {"product_id": "p1"}}));
    world
}

fn newest() -> Vec<u8> {
    std::fs::read(NEWEST).expect("a fixture")
}

fn bytes_of(world: &World) -> Vec<u8> {
    world.checkpoint();
    let chain = world.engine.core().checkpointer.state().chain;
    world.disk.read(&chain[0].path).expect("read")
}

/// The records of a file by their kinds, in the order of keys.
type Records = BTreeMap<Kind, BTreeMap<Vec<u8>, Option<Vec<u8>>>>;

fn read(bytes: &[u8]) -> (Records, Restored) {
    let disk = MemoryDisk::new();
    let shared = Arc::new(disk.clone()) as Arc<dyn Disk>;
    let folder = CheckpointFolder::open(shared, Path::new("/data")).expect("opens");
    let position: [u8; 8] = bytes[16..24].try_into().expect("a head");
    let path = format!("/data/checkpoints/{:020}.whole", u64::from_le_bytes(position));
    disk.open_append(Path::new(&path)).expect("made").append(bytes).expect("written");
    let (files, wrong) = folder.files().expect("listed");
    assert!(wrong.is_empty(), "{wrong:?}");
    let mut reader = folder.read(&files[0]).expect("read");
    let (mut records, mut loader) = (Records::new(), Loader::default());
    while let Some(record) = reader.next_record().expect("whole") {
        let kind = Kind::of_code(record.kind).expect("a kind");
        let value = record.value.map(<[u8]>::to_vec);
        records.entry(kind).or_default().insert(record.key.to_vec(), value);
        loader.take(record).expect("read");
    }
    let restored = loader.finish(&files[0].head, Limits::default()).expect("put together");
    (records, restored)
}

fn told(records: &Records) -> String {
    let mut told = String::new();
    for (kind, held) in records {
        let mut bytes = Vec::new();
        for (key, value) in held {
            bytes.extend((key.len() as u64).to_le_bytes());
            bytes.extend(key);
            bytes.extend(value.iter().flatten());
        }
        told.push_str(&format!("{kind:?} {} {:016x}\n", held.len(), xxh3_64(&bytes)));
    }
    told
}

#[track_caller]
fn check(bytes: &[u8], expected: &Expect) {
    let (records, restored) = read(bytes);
    let hash = restored.fold.state.hash();
    let transitions = restored.transitions.len();
    let position = restored.fold.state.position;
    let told = told(&records);
    expected.assert_eq(&format!("position {position}, state {hash}\n{transitions} transitions\n{told}"));
}

#[test]
fn every_format_is_read_for_ever() {
    check(
        &newest(),
        &expect![[r#"
            position 67, state fffbaca19d85073d1cd892df3100505852aa266e0b82d2ece0dd4d4f0f6441c3
            8 transitions
            Meta 1 4d63888e029489ef
            Settings 1 2cee336910cb9ac9
            Source 1 777b7e58cd887e4b
            Import 1 1dedcc06fd8e7a9a
            Segment 9 496aef72c9f06233
            ComputedTrait 1 1d618b184bac726a
            KnownScores 1 a365bbfc08ed5f65
            Threshold 1 eaf92b43957d3258
            ConsentFile 1 cc56dbbc84d34385
            List 1 0565e52865eb597b
            ListEntries 1 188ee34ebad97446
            Separations 1 299c9e76bebe78af
            SplitRows 1 4d96ba75ae826be7
            KnownTraits 1 57e88f24717da098
            Programs 1 e1067cf6d2c9535c
            Signals 1 ef170c24fe0abb16
            ProductFields 1 fe7e5839649402a5
            DerivedEvent 2 3ebcb18b4b10c3ca
            KnownEvent 3 d7e3361f7cea5619
            ProductEvent 4 77f0f7a2c4e8cd47
            Identifier 7 c20c4e5afc1af784
            Alias 3 0a77f73f19cc7103
            Profile 2 9c0e207de9c6dbc2
            Merges 2 cf8481d5c5a81457
            Traits 2 217fda9094fada57
            Timeline 13 533abbd661c1cc3e
            OrderKeys 2 58f15226d428627a
            Order 4 26343265d06f90b6
            Scores 1 22a80b1d00a18fd2
            Standings 2 5d12df7ad51a178c
            Recorded 15 f745986dd9b3b141
            Consent 1 647ad0dcd24f6979
            Product 1 fda7dc234e1c7b7b
            ProductKey 1 bcc35297b98cc020
            Seen 1 403cc65f10f1a958
            Transition 8 34e5a8dd2abe1628
            Derived 4 5391de87542b680f
        "#]],
    );
    check(
        FIRST,
        &expect![[r#"
        position 59, state 96707d46a95d7fab7d10f57b11e6587dbf9213d03990318b530ab3b39a202a45
        8 transitions
        Meta 1 ffbbe0b560ad6049
        Settings 1 2cee336910cb9ac9
        Source 1 777b7e58cd887e4b
        Import 1 1dedcc06fd8e7a9a
        Segment 7 794ba4d3587226db
        ComputedTrait 1 1d618b184bac726a
        KnownScores 1 a365bbfc08ed5f65
        Threshold 1 eaf92b43957d3258
        ConsentFile 1 cc56dbbc84d34385
        List 1 0cb15bfb2e032f25
        ListEntries 1 aa0cd6e1a82b516f
        Separations 1 589c719ce3eb2f02
        SplitRows 1 93cacb8b1b245da5
        KnownTraits 1 57e88f24717da098
        Programs 1 280aa0770c2b3cbd
        Signals 1 94b5e84c3bb11fe2
        ProductFields 1 fe7e5839649402a5
        KnownEvent 3 d7e3361f7cea5619
        ProductEvent 4 efabeb15b27e948b
        Identifier 7 57916aaadda365ab
        Alias 3 51841cda8d97d14f
        Profile 2 6234fef7c9ff15b7
        Merges 2 80318d46ceae3666
        Traits 2 8ffde07e2b737d1b
        Timeline 9 27fa51b00a3da630
        OrderKeys 2 986e478d8a4aa8a0
        Order 4 172f9acc975cfe94
        Scores 1 f975c285d034f118
        Standings 2 b4d8cf6da8734c2f
        Recorded 11 416709fe6722b12d
        Consent 1 647ad0dcd24f6979
        Product 1 f5c363831a03bb13
        ProductKey 1 bcc35297b98cc020
        Seen 1 403cc65f10f1a958
        Transition 8 5bf3892c7f17dda3
    "#]],
    );
}

#[test]
fn what_is_written_is_what_was_written_before() {
    let world = story();
    let bytes = bytes_of(&world);
    if std::env::var_os(WRITES).is_some() {
        std::fs::write(NEWEST, &bytes).expect("written");
    }
    let ((before, _), (now, _)) = (read(&newest()), read(&bytes));
    for kind in Kind::ALL.into_iter().filter(|kind| !LATER.contains(kind)) {
        assert!(now.contains_key(&kind), "the story has nothing of kind {kind:?}");
        assert_eq!(
            now.get(&kind),
            before.get(&kind),
            "records of kind {kind:?} are written in another way than in version {}: give the kind the next version, \
             keep the decoder of this one, and keep this file as a fixture beside the new one",
            kind.version()
        );
    }
}

#[test]
fn recorded_results_are_written_as_they_were() {
    let mut world = World::keeping(instant("2026-03-01T12:00:00Z"), small_parts(), Limits::default());
    world.order("u1");
    world.order("u2");
    world.result("VIPs");
    let named = [world.profile("user_id", "u1"), world.profile("user_id", "u2")];
    world.engine.record_result("VIPs", world.naming(named)).expect("recorded");
    let (records, restored) = read(&bytes_of(&world));
    assert_eq!(restored.fold.state.hash(), world.engine.core().fold.read().state.hash());
    let told = told(&records);
    let later: Vec<&str> = told.lines().filter(|line| line.starts_with("Result")).collect();
    expect![[r#"
        Result 1 4c166ecac905e58d
        ResultMembers 1 2e8f4a54e49b12ef"#]]
    .assert_eq(&later.join("\n"));
}
