use expect_test::{Expect, expect};
use segops_model::{EventKind, Identifier, Instant, Position, ProfileId};

use crate::{IdentitySettings, MemoryIdentity, Resolution, resolve};

/// `user_id:a email:b@c.de`, with short names for the kinds.
fn identifiers(text: &str) -> Vec<Identifier> {
    text.split_whitespace()
        .map(|word| {
            let (kind, value) = word.split_once(':').expect("kind:value");
            let kind = match kind {
                "u" => "user_id",
                "e" => "email",
                "a" => "anonymous_id",
                "prev" => "previous_id",
                kind => kind,
            };
            let value = if kind == "email" { format!("{value}@example.com") } else { value.to_owned() };
            Identifier::new(kind, value)
        })
        .collect()
}

fn words(identifiers: &[Identifier]) -> String {
    identifiers.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

fn describe(resolution: &Resolution) -> String {
    let mut text = resolution.profile.to_string();
    if resolution.created {
        text += " new";
    }
    if !resolution.add.is_empty() {
        text += &format!(", adds {}", words(&resolution.add));
    }
    if !resolution.absorb.is_empty() {
        text += &format!(", absorbs {:?}", resolution.absorb.iter().map(|p| p.0).collect::<Vec<_>>());
    }
    for (identifier, reason) in &resolution.dropped {
        text += &format!(", drops {identifier} ({reason:?})");
    }
    text + &format!(", anchor {}", resolution.anchor)
}

/// Applies rows in order, at positions 0, 1, ...; a row that starts with `alias` is an alias call.
fn check(rows: &[&str], expected: Expect) {
    let settings = IdentitySettings::default();
    let mut identity = MemoryIdentity::default();
    let mut text = String::new();
    for (position, row) in (0..).zip(rows) {
        let (kind, row) =
            row.strip_prefix("alias ").map_or((EventKind::Track, *row), |row| (EventKind::Alias, row));
        match resolve(&settings, &identity, kind, &identifiers(row), Instant::default(), Position(position)) {
            Ok(resolution) => {
                identity.apply(&resolution);
                text += &describe(&resolution);
            }
            Err(error) => text += &error.to_string(),
        }
        text += "\n";
    }
    text += "=>";
    for profile in identity.profiles() {
        text += &format!(" {profile} [{}]", words(identity.identifiers_of(profile)));
    }
    expected.assert_eq(&text);
    for profile in (0..).take(rows.len()).map(ProfileId) {
        let survivor = identity.canonical(profile);
        assert_eq!(identity.canonical(survivor), survivor);
        assert!(survivor <= profile);
    }
}

#[test]
fn a_visitor_identifies_and_comes_back() {
    check(
        &["a:x", "a:x", "u:1 a:x", "u:1 a:y", "a:y"],
        expect![[r#"
        p_0 new, adds anonymous_id:x, anchor anonymous_id:x
        p_0, anchor anonymous_id:x
        p_0, adds user_id:1, anchor user_id:1
        p_0, adds anonymous_id:y, anchor user_id:1
        p_0, anchor anonymous_id:y
        => p_0 [anonymous_id:x user_id:1 anonymous_id:y]"#]],
    );
}

#[test]
fn a_merge_keeps_the_oldest_profile() {
    check(
        &["a:x", "e:ada", "u:1", "u:1 e:ada a:x"],
        expect![[r#"
        p_0 new, adds anonymous_id:x, anchor anonymous_id:x
        p_1 new, adds email:ada@example.com, anchor email:ada@example.com
        p_2 new, adds user_id:1, anchor user_id:1
        p_0, absorbs [1, 2], anchor user_id:1
        => p_0 [anonymous_id:x email:ada@example.com user_id:1]"#]],
    );
}

#[test]
fn two_users_never_merge_through_what_they_share() {
    check(
        &["u:1 e:family a:x", "u:2 e:family", "u:2 a:x", "u:2 a:y", "u:1 a:y", "a:x", "e:family"],
        expect![[r#"
            p_0 new, adds user_id:1 email:family@example.com anonymous_id:x, anchor user_id:1
            p_1 new, adds user_id:2, drops email:family@example.com (Limit), anchor user_id:2
            p_1, drops anonymous_id:x (Limit), anchor user_id:2
            p_1, adds anonymous_id:y, anchor user_id:2
            p_0, drops anonymous_id:y (Limit), anchor user_id:1
            p_0, anchor anonymous_id:x
            p_0, anchor email:family@example.com
            => p_0 [user_id:1 email:family@example.com anonymous_id:x] p_1 [user_id:2 anonymous_id:y]"#]],
    );
}

#[test]
fn the_weakest_identifiers_go_first() {
    check(
        &["u:1 e:one", "u:2 e:one a:new"],
        expect![[r#"
        p_0 new, adds user_id:1 email:one@example.com, anchor user_id:1
        p_1 new, adds user_id:2, drops anonymous_id:new (Limit), drops email:one@example.com (Limit), anchor user_id:2
        => p_0 [user_id:1 email:one@example.com] p_1 [user_id:2]"#]],
    );
}

#[test]
fn limits_count_what_a_profile_would_have() {
    check(
        &["u:1 e:a", "u:1 e:b", "u:1 e:c", "u:1 e:d", "u:1 e:e", "u:1 e:f", "e:g e:h", "u:1 e:g", "u:1 e:a"],
        expect![[r#"
            p_0 new, adds user_id:1 email:a@example.com, anchor user_id:1
            p_0, adds email:b@example.com, anchor user_id:1
            p_0, adds email:c@example.com, anchor user_id:1
            p_0, adds email:d@example.com, anchor user_id:1
            p_0, adds email:e@example.com, anchor user_id:1
            p_0, drops email:f@example.com (Limit), anchor user_id:1
            p_6 new, adds email:g@example.com email:h@example.com, anchor email:g@example.com
            p_0, drops email:g@example.com (Limit), anchor user_id:1
            p_0, anchor user_id:1
            => p_0 [user_id:1 email:a@example.com email:b@example.com email:c@example.com email:d@example.com email:e@example.com] p_6 [email:g@example.com email:h@example.com]"#]],
    );
}

#[test]
fn an_alias_links_what_limits_would_keep_apart() {
    check(
        &["u:old a:x", "u:new a:y", "alias u:new prev:old", "u:old", "u:new", "alias u:new prev:old"],
        expect![[r#"
            p_0 new, adds user_id:old anonymous_id:x, anchor user_id:old
            p_1 new, adds user_id:new anonymous_id:y, anchor user_id:new
            p_0, absorbs [1], anchor user_id:new
            p_0, anchor user_id:old
            p_0, anchor user_id:new
            p_0, anchor user_id:new
            => p_0 [user_id:old anonymous_id:x user_id:new anonymous_id:y]"#]],
    );
}

#[test]
fn an_alias_of_an_anonymous_id() {
    check(
        &["a:x", "alias u:1 prev:x", "alias u:2 prev:unseen", "a:unseen", "alias u:2 prev:2"],
        expect![[r#"
            p_0 new, adds anonymous_id:x, anchor anonymous_id:x
            p_0, adds user_id:1, anchor user_id:1
            p_2 new, adds user_id:2 anonymous_id:unseen, anchor user_id:2
            p_2, anchor anonymous_id:unseen
            p_2, anchor user_id:2
            => p_0 [anonymous_id:x user_id:1] p_2 [user_id:2 anonymous_id:unseen]"#]],
    );
}

#[test]
fn an_alias_links_its_pair_and_nobody_else() {
    check(
        &["u:1", "u:2", "u:3 a:shared", "alias u:1 prev:2 a:shared"],
        expect![[r#"
        p_0 new, adds user_id:1, anchor user_id:1
        p_1 new, adds user_id:2, anchor user_id:2
        p_2 new, adds user_id:3 anonymous_id:shared, anchor user_id:3
        p_0, absorbs [1], drops anonymous_id:shared (Limit), anchor user_id:1
        => p_0 [user_id:1 user_id:2] p_2 [user_id:3 anonymous_id:shared]"#]],
    );
}

#[test]
fn rows_without_a_usable_identifier() {
    check(
        &["", "u:null a:0", "u:null a:x", "e:a b:undefined"],
        expect![[r#"
        no usable identifier; send a user id, an email, a phone number or an anonymous id
        no usable identifier (user_id is a blocked value, anonymous_id is a blocked value); send a user id, an email, a phone number or an anonymous id
        p_2 new, adds anonymous_id:x, drops user_id:null (Blocked), anchor anonymous_id:x
        p_3 new, adds email:a@example.com, drops b:undefined (Blocked), anchor email:a@example.com
        => p_2 [anonymous_id:x] p_3 [email:a@example.com]"#]],
    );
}

#[test]
fn custom_kinds_merge_and_have_a_limit() {
    check(
        &["card:1 a:x", "u:1 card:1", "card:2 card:3 card:4 card:5", "u:1 card:2", "u:2 card:6 card:6"],
        expect![[r#"
            p_0 new, adds card:1 anonymous_id:x, anchor card:1
            p_0, adds user_id:1, anchor user_id:1
            p_2 new, adds card:2 card:3 card:4 card:5, anchor card:2
            p_0, absorbs [2], anchor user_id:1
            p_4 new, adds user_id:2 card:6, anchor user_id:2
            => p_0 [card:1 anonymous_id:x user_id:1 card:2 card:3 card:4 card:5] p_4 [user_id:2 card:6]"#]],
    );
}

#[test]
fn identity_survives_its_stored_form() {
    let settings = IdentitySettings::default();
    let mut identity = MemoryIdentity::default();
    for (position, row) in (0..).zip(["a:x", "u:1", "u:1 a:x", "u:2 e:b", "alias u:1 prev:2", "a:z"]) {
        let kind = if row.starts_with("alias") { EventKind::Alias } else { EventKind::Track };
        let row = identifiers(row.trim_start_matches("alias "));
        identity.apply(
            &resolve(&settings, &identity, kind, &row, Instant::default(), Position(position))
                .expect("usable"),
        );
    }
    let stored = format!("{identity:?}");
    let restored = restore(&identity);
    assert_eq!(restored.len(), identity.len());
    for profile in (0..6).map(ProfileId) {
        assert_eq!(restored.canonical(profile), identity.canonical(profile), "{stored}");
        assert_eq!(restored.identifiers_of(profile), identity.identifiers_of(profile));
        assert_eq!(restored.absorbed_by(profile), identity.absorbed_by(profile));
    }
}

fn restore(identity: &MemoryIdentity) -> MemoryIdentity {
    let json = serde_json::to_string(identity).expect("writes");
    let restored: MemoryIdentity = serde_json::from_str(&json).expect("reads");
    assert_eq!(serde_json::to_string(&restored).expect("writes"), json);
    restored
}
