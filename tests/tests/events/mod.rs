//! Workers that publish and subscribe through their regions: hubs and workers as processes,
//! the subscribers in this one.

/// Declares cases that need no worker of a language.
macro_rules! cases {
    ($($weight:ident, $seconds:literal, fn $name:ident() $body:block)*) => {$(
        #[test]
        fn $name() {
            let limit = std::time::Duration::from_secs($seconds);
            slotway_tests::case(stringify!($name), slotway_tests::Weight::$weight, limit, || $body);
        }
    )*};
}

mod death;
mod flow;

use std::time::Duration;

use slotway::{Connect, Connection, Delivery, Options, Received, Subscription, Topics};
use slotway_tests::Hub;

const SOON: Duration = Duration::from_secs(20);

/// A worker in this process that registers nothing.
fn connect(hub: &Hub) -> Connection {
    let options = Options::new().hub(hub.control_path()).connect(Connect::Within(SOON));
    Connection::open(options, Vec::new()).expect("a hub that is there")
}

fn subscribe(connection: &Connection, pattern: &str) -> Subscription {
    connection.subscribe(&Topics::new([pattern])).expect("a hub with events")
}

/// The next event; nothing may have been lost before it.
#[track_caller]
fn event(subscription: &Subscription) -> Received {
    match subscription.recv(Some(SOON)).expect("a hub that is there") {
        Some(Delivery::Event(event)) => event,
        Some(Delivery::Gap(gap)) => panic!("{gap:?} where nothing may be lost"),
        None => panic!("no event came"),
    }
}
