use std::path::Path;
use std::time::Duration;

use clap::CommandFactory;

use super::value::{bytes, duration};
use super::*;
use crate::config::{Address, AdminSocket, Config};

fn config(args: &[&str]) -> Config {
    let args = ["slotway", "hub"].iter().chain(args);
    let Command::Hub(args) = Cli::try_parse_from(args).unwrap().command;
    args.config()
}

#[test]
fn the_command_line_is_well_formed() {
    Cli::command().debug_assert();
}

#[test]
fn no_flag_is_the_default_configuration() {
    assert_eq!(config(&[]), Config::default());
}

#[test]
fn flags_reach_the_configuration() {
    let config = config(&[
        "--listen",
        "127.0.0.1:0",
        "--control",
        "/x/hub.sock",
        "--admin",
        "none",
        "--require",
        "a",
        "--require",
        "b",
        "--wait-timeout",
        "250ms",
        "--grace",
        "2m",
        "--head-bytes",
        "32K",
        "--slots",
        "8",
    ]);
    assert_eq!(config.listen[0].address, Address::Tcp("127.0.0.1:0".parse().unwrap()));
    assert_eq!(config.control.path.as_deref(), Some(Path::new("/x/hub.sock")));
    assert_eq!(config.admin.socket, AdminSocket::Disabled);
    assert_eq!(config.health.require, ["a", "b"]);
    assert_eq!(config.times.wait, Duration::from_millis(250));
    assert_eq!(config.times.grace, Duration::from_secs(120));
    assert_eq!(config.limits.head_bytes, 32 << 10);
    assert_eq!(config.workers.region.slots, 8);
}

#[test]
fn durations_and_sizes_are_read_as_people_write_them() {
    assert_eq!(duration("1.5"), Ok(Duration::from_millis(1500)));
    assert_eq!(duration("1h"), Ok(Duration::from_secs(3600)));
    assert!(duration("5 days").unwrap_err().contains("days"));
    assert!(duration("").is_err() && duration("-1s").is_err());
    assert_eq!(bytes("64KiB"), Ok(65536));
    assert_eq!(bytes("2G"), Ok(2 << 30));
    assert!(bytes("1.5K").is_err() && bytes("9T").is_err() && bytes("99999999999G").is_err());
}
