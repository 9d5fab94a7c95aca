use std::ffi::OsStr;
use std::path::PathBuf;
use std::time::Duration;

use super::{LOOKS_MAX, Options, choose, looks_in};
use crate::error::ErrorCode;

#[test]
fn the_hub_is_found_where_it_is_by_default() {
    let named = OsStr::new("/srv/hub.sock");
    let runtime = OsStr::new("/run/user/7");
    assert_eq!(choose(Some(named), Some(runtime)), PathBuf::from("/srv/hub.sock"));
    assert_eq!(choose(None, Some(runtime)), PathBuf::from("/run/user/7/slotway/hub.sock"));
    // An empty variable is an unset one, and a relative directory would depend on chance.
    let tmp = format!("/tmp/slotway-{}/hub.sock", rustix::process::geteuid().as_raw());
    assert_eq!(choose(Some(OsStr::new("")), None), PathBuf::from(&tmp));
    assert_eq!(choose(None, Some(OsStr::new("run"))), PathBuf::from(&tmp));
}

#[test]
fn what_cannot_be_is_refused_before_connecting() {
    let cases = [
        Options::new().hub("x".repeat(108)),
        Options::new().hub(""),
        Options::new().slots(0),
        Options::new().slots(1 << 20),
        Options::new().request_bytes(5000),
        Options::new().response_bytes(1 << 30),
        Options::new().head_bytes(100),
    ];
    for options in cases {
        let error = options.check().expect_err("cannot be");
        assert_eq!(error.code(), ErrorCode::InvalidArgument, "{options:?}");
    }
    assert!(Options::new().hub("/run/hub.sock").slots(1).check().is_ok());
}

#[test]
fn looks_are_measured_and_bounded() {
    assert_eq!(looks_in(Duration::ZERO), 1);
    assert_eq!(looks_in(Duration::from_secs(60)), LOOKS_MAX);
    assert!(Options::default_spin_cap() <= LOOKS_MAX);
}
