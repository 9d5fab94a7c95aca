use std::path::Path;
use std::time::Duration;

use clap::CommandFactory;

use super::*;
use crate::config::{Address, AdminSocket, Config};

fn config(args: &[&str]) -> Config {
    let args = ["slotway", "hub"].iter().chain(args);
    let Command::Hub(args) = Cli::try_parse_from(args).unwrap().command else { panic!() };
    args.given_in(|_| None).unwrap().load().unwrap().config
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
