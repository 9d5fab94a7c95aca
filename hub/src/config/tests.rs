use std::time::Duration;

use super::*;

#[test]
fn the_defaults_are_a_configuration_that_can_be() {
    assert_eq!(Config::default().check(), Ok(()));
}

#[test]
fn what_cannot_be_is_named_with_its_value() {
    let with = |change: fn(&mut Config)| {
        let mut config = Config::default();
        change(&mut config);
        config.check().unwrap_err().to_string()
    };
    assert!(with(|c| c.limits.waiters = 0).contains("limits.waiters: 0 is too low"));
    assert!(with(|c| c.limits.head_bytes = 100).contains("limits.head-bytes: 100 is too low"));
    assert!(with(|c| c.times.idle = Duration::ZERO).contains("timeouts.idle: 0 is no time"));
    assert!(with(|c| c.health.require = vec!["a b".into()]).contains("\"a b\""));
    assert!(with(|c| c.workers.region.request_bytes = 1000).contains("1000"));
}
