use std::sync::Arc;

use super::{Before, From};
use crate::bus::{Bus, Draft, HistorySettings, Pattern, Scope, Settings};
use crate::config::Envelope;
use crate::events::feeds::Form;
use crate::sse::Replay as _;

fn bus(events: usize) -> Bus {
    let history = HistorySettings { events, ..HistorySettings::default() };
    Bus::new(Settings { first_seq: 1000, history, ..Settings::default() })
}

fn look(bus: &Bus, scope: Scope, from: From) -> Option<String> {
    let form = Form { scope, envelope: Envelope::None };
    let patterns = [Pattern::new("a.*").unwrap()];
    let mut before = Before::look(bus, &patterns, &form, from, bus.last_seq())?;
    let mut all = Vec::new();
    while let Some((bytes, _)) = before.next() {
        all.extend(bytes);
    }
    Some(String::from_utf8(all).unwrap())
}

fn gap(missed: &str, reason: &str) -> String {
    format!("event: gap\ndata: {{\"missed\":{missed},\"reason\":\"{reason}\"}}\n\n")
}

/// Goal: S02, what is held comes, what is gone is counted, and an id that says nothing is told.
#[test]
fn s02_what_is_held_comes_and_what_is_gone_is_told() {
    let bus = bus(2);
    for number in 1000..=1004 {
        bus.publish(Draft::new("a.b").payload(number.to_string())).unwrap();
    }
    bus.publish(Draft::new("c")).unwrap();
    let event = |number: u32| format!("id: {number}\ndata: {number}\n\n");
    let all = |from| look(&bus, Scope::All, from);
    assert_eq!(all(From::Now), None);
    assert_eq!(all(From::After(1005)), None);
    assert_eq!(all(From::After(1003)), Some(event(1004)));
    assert_eq!(all(From::After(1002)), Some(event(1003) + &event(1004)));
    let held = event(1003) + &event(1004);
    assert_eq!(all(From::After(1000)), Some(gap("2", "history") + &held));
    assert_eq!(all(From::After(5)), Some(gap("null", "restart") + &held));
    assert_eq!(all(From::After(1006)), Some(gap("null", "unknown-id")));
    assert_eq!(all(From::Unknown), Some(gap("null", "unknown-id")));
}

/// Goal: S02, neither events nor their number tell of what a client may not see.
#[test]
fn s02_an_id_reveals_nothing_of_others() {
    let bus = bus(2);
    for principal in ["alice", "bob", "bob", "alice"] {
        bus.publish(Draft::new("a.b").principal(principal).payload(principal.to_owned())).unwrap();
    }
    let alice = Scope::Principal(Arc::from("alice"));
    let own = "id: 1003\ndata: alice\n\n";
    assert_eq!(look(&bus, alice.clone(), From::After(1001)).unwrap(), own);
    assert_eq!(look(&bus, alice, From::After(999)).unwrap(), gap("null", "history") + own);
    assert_eq!(look(&bus, Scope::System, From::After(1001)), None);
}
