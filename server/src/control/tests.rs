use std::os::unix::fs::PermissionsExt;

use segops_model::Instant;

use super::{Beacon, ControlError, FolderLock, Role, Tokens, read_local_token};

const NOW: Instant = Instant::from_ms(1_795_443_511_394);

#[test]
fn a_token_is_found_by_its_secret_and_only_its_hash_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let tokens = Tokens::open(folder.path(), NOW).unwrap();
    let secret = tokens.create("ann", Role::Marketer, NOW).unwrap();

    let found = Tokens::open(folder.path(), NOW).unwrap().find(&secret).unwrap();
    assert_eq!((found.name.as_str(), found.role), ("ann", Role::Marketer));
    assert!(tokens.find("segops_wrong").is_none());

    let path = folder.path().join("control/tokens.json");
    assert!(!std::fs::read_to_string(&path).unwrap().contains(&secret));
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn the_local_token_works_and_is_made_again_when_it_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let tokens = Tokens::open(folder.path(), NOW).unwrap();
    let first = read_local_token(folder.path()).unwrap().unwrap();
    assert_eq!(tokens.find(&first).unwrap().role, Role::Admin);
    assert!(!tokens.has_owner());

    std::fs::remove_file(folder.path().join("control/local.token")).unwrap();
    let tokens = Tokens::open(folder.path(), NOW).unwrap();
    let second = read_local_token(folder.path()).unwrap().unwrap();
    assert!(tokens.find(&first).is_none());
    assert!(tokens.find(&second).is_some());
}

#[test]
fn tokens_that_cannot_be_made_or_revoked_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let tokens = Tokens::open(folder.path(), NOW).unwrap();
    assert!(matches!(tokens.create(" ", Role::Viewer, NOW), Err(ControlError::BadName)));
    assert!(matches!(tokens.create("a\nb", Role::Viewer, NOW), Err(ControlError::BadName)));
    tokens.create("ann", Role::Viewer, NOW).unwrap();
    assert!(matches!(tokens.create("ann", Role::Admin, NOW), Err(ControlError::NameTaken(_))));
    assert!(matches!(tokens.revoke("bob"), Err(ControlError::NoToken(_))));
    assert!(matches!(tokens.revoke("local"), Err(ControlError::LastAdmin(_))));
    tokens.revoke("ann").unwrap();
    assert_eq!(tokens.list().len(), 1);
}

#[test]
fn damaged_tokens_are_reported_and_not_replaced() {
    let folder = tempfile::tempdir().unwrap();
    drop(Tokens::open(folder.path(), NOW).unwrap());
    let path = folder.path().join("control/tokens.json");
    std::fs::write(&path, "[{").unwrap();
    assert!(matches!(Tokens::open(folder.path(), NOW), Err(ControlError::Damaged(..))));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "[{");
}

#[test]
fn one_process_has_the_folder_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let lock = FolderLock::take(folder.path()).unwrap().unwrap();
    assert!(FolderLock::take(folder.path()).unwrap().is_none());
    drop(lock);
    assert!(FolderLock::take(folder.path()).unwrap().is_some());
}

#[test]
fn a_server_can_be_found_while_it_serves() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(Beacon::read(folder.path()), None);
    let beacon = Beacon { url: "http://127.0.0.1:8123".to_owned(), pid: 7 };
    beacon.light(folder.path()).unwrap();
    assert_eq!(Beacon::read(folder.path()), Some(beacon));
    Beacon::put_out(folder.path());
    assert_eq!(Beacon::read(folder.path()), None);
}
