//! Death at any moment, hostile workers, crowds: the short forms of what `make soak` does
//! for longer.

use std::time::Duration;

use slotway_tests::campaign::{self, Plan, Tally};
use slotway_tests::{Weight, case};

fn campaign(name: &str, blows: u64, run: fn(&Plan, &Tally)) -> Tally {
    let tally = Tally::default();
    case(name, Weight::Heavy, Duration::from_secs(300), || run(&Plan::blows(blows), &tally));
    println!("{name}: {}", tally.line());
    tally
}

#[test]
fn workers_are_killed_at_any_moment() {
    let name = "workers_are_killed_at_any_moment";
    let tally = campaign(name, 300, campaign::worker_deaths);
    assert!(tally.get("workers killed") >= 300);
    assert!(tally.get("answered 502 worker_gone") > 0, "some died with a request in hand");
}

#[test]
fn hubs_are_killed_at_any_moment() {
    let tally = campaign("hubs_are_killed_at_any_moment", 16, campaign::hub_deaths);
    assert!(tally.get("hubs killed") >= 16);
    assert!(tally.get("connections that went with their hub") > 0);
}

#[test]
fn hostile_workers_harm_nobody_else() {
    let tally = campaign("hostile_workers_harm_nobody_else", 100, campaign::hostile_workers);
    assert!(tally.get("lives that the hub ended") > 0);
}

#[test]
fn a_thousand_connections_of_a_byte_a_second() {
    let name = "a_thousand_connections_of_a_byte_a_second";
    campaign(name, 1, campaign::slow_connections);
}

#[test]
fn descriptors_run_out_and_come_back() {
    campaign("descriptors_run_out_and_come_back", 1, campaign::few_descriptors);
}

#[test]
fn an_address_space_that_is_nearly_full() {
    campaign("an_address_space_that_is_nearly_full", 1, campaign::little_memory);
}
