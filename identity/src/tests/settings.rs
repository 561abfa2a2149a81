use segops_model::IdentifierKind;

use crate::{IdentitySettings, SettingsError};

#[test]
fn kinds_that_are_not_listed_come_right_before_the_anonymous_id() {
    let settings = IdentitySettings::default();
    let mut kinds = ["anonymous_id", "loyalty_card", "phone", "email", "user_id"].map(IdentifierKind::new);
    kinds.sort_by_key(|kind| settings.rank(kind));
    assert_eq!(kinds.map(|kind| kind.0), ["user_id", "email", "phone", "loyalty_card", "anonymous_id"]);
    assert_eq!(settings.limit(&IdentifierKind::new("loyalty_card")), 5);
    assert_eq!(settings.limit(&IdentifierKind::new("user_id")), 1);

    let mut without = settings.clone();
    without.kinds.retain(|listed| !listed.kind.is_anonymous());
    assert!(without.rank(&IdentifierKind::new("anonymous_id")) > without.rank(&IdentifierKind::new("phone")));
}

#[test]
fn all_that_is_wrong_is_said_at_once() {
    let mut settings = IdentitySettings::default();
    assert_eq!(settings.validate(), Ok(()));
    settings.kinds.push(settings.kinds[1].clone());
    settings.kinds[0].limit = 0;
    settings.other_kinds_limit = 0;
    settings.value_bytes_max = 0;
    settings.duplicate_window_ms = -1;
    let expected = vec![
        SettingsError::LimitZero("user_id".into()),
        SettingsError::KindTwice("email".into()),
        SettingsError::LimitZero("other kinds".into()),
        SettingsError::ValueBytesZero,
        SettingsError::WindowNegative(-1),
    ];
    assert_eq!(settings.validate(), Err(expected));
}
