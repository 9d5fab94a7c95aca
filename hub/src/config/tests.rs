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
        config.check().unwrap_err()
    };
    assert!(with(|c| c.limits.waiters = 0).contains("waiters is 0"));
    assert!(with(|c| c.limits.head_bytes = 100).contains("head_bytes is 100"));
    assert!(with(|c| c.times.idle = Duration::ZERO).contains("idle timeout is 0"));
    assert!(with(|c| c.health.require = vec!["a b".into()]).contains("\"a b\""));
    assert!(with(|c| c.workers.region.request_bytes = 1000).contains("1000"));
}
