use std::ptr::null;

use super::*;

fn view(text: &'static str) -> slotway_view {
    slotway_view::new(text.as_bytes())
}

fn push() -> slotway_push {
    slotway_push {
        size: size_of::<slotway_push>() as u32,
        registration: 0,
        path: slotway_view::ABSENT,
        pattern: slotway_view::ABSENT,
        params: null(),
        param_count: 0,
        connection: 0,
        r#type: slotway_view::ABSENT,
        id: slotway_view::ABSENT,
        data: slotway_view::ABSENT,
        flags: 0,
        reserved: 0,
    }
}

fn read(push: &slotway_push) -> Result<String, String> {
    // SAFETY: every view here lives for ever, or is to be refused unread.
    let parts = unsafe { Parts::read(push, "push") };
    parts.map(|parts| format!("{:?}", parts.push())).map_err(|fault| fault.to_string())
}

/// Each way to name clients arrives as it was meant, and so does the event.
#[test]
fn fields_arrive() {
    let params = [slotway_field { name: view("room"), value: view("7 b") }];
    let by_pattern = slotway_push {
        pattern: view("/rooms/{room}"),
        params: params.as_ptr(),
        param_count: 1,
        ..push()
    };
    let pairs = [("room", "7 b")];
    for (given, to) in [
        (slotway_push { path: view("/rooms/7"), ..push() }, PushTo::Path("/rooms/7")),
        (slotway_push { connection: 42, ..push() }, PushTo::Connection("42")),
        (by_pattern, PushTo::Pattern { pattern: "/rooms/{room}", params: &pairs }),
    ] {
        let full = slotway_push {
            registration: 2,
            r#type: view("token"),
            id: view("9"),
            data: view("said"),
            ..given
        };
        let meant = Push::new(to).registration(2).kind("token").id("9").data(b"said");
        assert_eq!(read(&full), Ok(format!("{meant:?}")));
        let last = slotway_push { flags: SLOTWAY_PUSH_CLOSE, ..full };
        assert_eq!(read(&last), Ok(format!("{:?}", meant.close())));
    }
}

/// Clients are named in one way, and in one only.
#[test]
fn clients_are_named_once() {
    let nobody = push();
    let twice = slotway_push { path: view("/a"), connection: 1, ..push() };
    for wrong in [nobody, twice] {
        let error = read(&wrong).expect_err("it cannot be");
        assert!(error.contains("set one of them"), "{error}");
    }
    let unknown = slotway_push { connection: 1, flags: 2, ..push() };
    assert!(read(&unknown).expect_err("no flag").contains("push.flags is 0x2"));
    let lost = slotway_push { pattern: view("/{a}"), param_count: 1, ..push() };
    assert!(read(&lost).expect_err("NULL").contains("params is NULL"));
}
