//! The event bus of astrid-events, driven by the very code that drives Slotway's. The bench
//! calls this program once for each round; it prints what it found as a line of JSON.

#[path = "../../../src/events/driver.rs"]
mod driver;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use astrid_events::ipc::Topic;
use astrid_events::{
    AstridEvent, EventBus, EventMetadata, EventReceiver, IpcMessage, IpcPayload,
    MAX_SUBSCRIPTION_BUDGET_BYTES, RoutedEventReceiver,
};
use driver::{Bus, Case, PAYLOAD};
use uuid::Uuid;

struct Astrid {
    bus: EventBus,
    events: Vec<AstridEvent>,
}

impl Bus for Astrid {
    type Plain = EventReceiver;
    type Routed = RoutedEventReceiver;

    fn new() -> Astrid {
        Astrid { bus: EventBus::new(), events: Vec::new() }
    }

    fn plain(&self) -> EventReceiver {
        self.bus.subscribe()
    }

    fn routed(&self, pattern: &str) -> RoutedEventReceiver {
        self.bus.subscribe_topic_routed(Uuid::nil(), pattern, "bench", "bench")
    }

    fn prepare(&mut self, principals: usize) {
        self.events = (0..principals)
            .map(|principal| {
                let payload = IpcPayload::RawJson("x".repeat(PAYLOAD).into());
                let topic = Topic::from_raw("bench.0.event");
                let mut message = IpcMessage::new(topic, payload, Uuid::nil());
                message.principal = Some(format!("principal-{principal}"));
                AstridEvent::Ipc { metadata: EventMetadata::new("bench"), message }
            })
            .collect();
    }

    fn publish(&self, principal: usize) {
        // An event is cloned and not made anew, which spares it an id and a look at the
        // clock.
        self.bus.publish(self.events[principal].clone());
    }

    fn take_plain(plain: &mut EventReceiver) -> usize {
        let mut events = 0;
        while plain.try_recv().is_some() {
            events += 1;
        }
        events
    }

    fn take_routed(routed: &mut RoutedEventReceiver) -> usize {
        let mut events = 0;
        loop {
            let batch: Vec<Arc<AstridEvent>> = routed.try_drain(MAX_SUBSCRIPTION_BUDGET_BYTES);
            if batch.is_empty() {
                return events;
            }
            events += batch.len();
        }
    }

    async fn next(plain: &mut EventReceiver) {
        plain.recv().await;
    }
}

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let case = arguments.next().and_then(|case| Case::parse(&case));
    let limit_ms = arguments.next().and_then(|limit| limit.parse().ok());
    let (Some(case), Some(limit_ms)) = (case, limit_ms) else {
        eprintln!("astrid-bus CASE LIMIT_MS");
        return ExitCode::FAILURE;
    };
    let value = driver::measure::<Astrid>(case, Duration::from_millis(limit_ms));
    println!("{{\"value\": {value}}}");
    ExitCode::SUCCESS
}
