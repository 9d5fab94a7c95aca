use std::ptr::{from_ref, null};

use super::*;
use crate::options::sized_array;

fn view(text: &'static str) -> slotway_view {
    slotway_view::new(text.as_bytes())
}

fn event() -> slotway_event {
    slotway_event {
        size: size_of::<slotway_event>() as u32,
        flags: 0,
        topic: view("a.b"),
        r#type: slotway_view::ABSENT,
        id: slotway_view::ABSENT,
        principal: slotway_view::ABSENT,
        key: slotway_view::ABSENT,
        payload: slotway_view::ABSENT,
        ticket: 0,
        reserved: 0,
    }
}

fn read(event: &slotway_event) -> Result<Event<'static>, String> {
    // SAFETY: every view here lives for ever, or is to be refused unread.
    let read = unsafe { event.read(3) };
    read.map_err(|fault| fault.to_string())
}

/// Every field arrives where it belongs, and what is absent is the default.
#[test]
fn fields_arrive() {
    let defaults = read(&event()).expect("good");
    assert_eq!(format!("{defaults:?}"), format!("{:?}", Event::new("a.b")));
    let full = slotway_event {
        flags: SLOTWAY_EVENT_MUST_DELIVER | SLOTWAY_EVENT_TERMINAL,
        r#type: view("token"),
        id: view("7"),
        principal: view("ann"),
        key: view("k"),
        payload: view("said"),
        ticket: 9,
        ..event()
    };
    let meant = Event::new("a.b").kind("token").id("7").principal("ann").key("k").text("said");
    let meant = meant.ticket(9).must_deliver().terminal();
    assert_eq!(format!("{:?}", read(&full).expect("good")), format!("{meant:?}"));
    let system = slotway_event { flags: SLOTWAY_EVENT_SYSTEM, ..event() };
    let meant = Event::new("a.b").system();
    assert_eq!(format!("{:?}", read(&system).expect("good")), format!("{meant:?}"));
}

/// What cannot be says which event and which field of it.
#[test]
fn what_cannot_be_says_where() {
    let nowhere = slotway_view { data: null(), length: 3 };
    let endless = slotway_view { length: usize::MAX, ..view("x") };
    let no_text = slotway_view::new(b"\xff");
    for (wrong, words) in [
        (slotway_event { flags: 8, ..event() }, "events[3].flags is 0x8"),
        (slotway_event { topic: nowhere, ..event() }, "events[3].topic is NULL"),
        (
            slotway_event { id: no_text, ..event() },
            "events[3].id is \"\u{fffd}\", which is not UTF-8",
        ),
        (slotway_event { payload: endless, ..event() }, "no memory is that large"),
        (
            slotway_event { flags: SLOTWAY_EVENT_SYSTEM, principal: view("ann"), ..event() },
            "events[3] has a principal",
        ),
    ] {
        let error = read(&wrong).expect_err("it cannot be");
        assert!(error.contains(words), "{error}");
    }
}

/// An array of a newer header's structs is walked by their size, which has to be one.
#[test]
fn arrays_have_one_size() {
    #[derive(Clone, Copy)]
    #[repr(C)]
    struct Newer {
        event: slotway_event,
        more: u64,
    }
    let size = size_of::<Newer>() as u32;
    let newer = |ticket| Newer { event: slotway_event { size, ticket, ..event() }, more: 0 };
    let mut events = [newer(1), newer(2), newer(3)];
    let tickets = |events: &[Newer; 3]| {
        let first: *const slotway_event = from_ref(events).cast();
        // SAFETY: as many structs as that, of the size that the first one says.
        let read = unsafe { sized_array("events", size_of::<slotway_event>(), first, 3) };
        let read = read.map_err(|fault| fault.to_string())?;
        read.map(|event| event.map(|event| event.ticket).map_err(|fault| fault.to_string()))
            .collect::<Result<Vec<_>, _>>()
    };
    assert_eq!(tickets(&events).as_deref(), Ok(&[1, 2, 3][..]));
    events[1].more = 1;
    assert!(tickets(&events).expect_err("not known").contains("events[1] sets a field behind"));
    events[1].event.size = 0;
    let error = tickets(&events).expect_err("another size");
    assert!(error.contains("events[1].size is 0, and events[0].size 120"), "{error}");
}
