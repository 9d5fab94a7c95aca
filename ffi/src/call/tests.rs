use super::*;

fn view(text: &'static str) -> slotway_view {
    slotway_view::new(text.as_bytes())
}

fn call() -> slotway_call {
    slotway_call {
        size: size_of::<slotway_call>() as u32,
        flags: 0,
        queue: view("media/images"),
        activity: view("resize"),
        payload: slotway_view::ABSENT,
        content_type: slotway_view::ABSENT,
        key: slotway_view::ABSENT,
        timeout_ms: 0,
        attempts: 0,
        backoff_ms: 0,
        reserved: 0,
    }
}

fn told(call: &slotway_call) -> Result<String, String> {
    // SAFETY: every view here lives for ever, or is to be refused unread.
    let read = unsafe { read(call) };
    read.map(|call| format!("{call:?}")).map_err(|fault| fault.to_string())
}

/// Everything arrives as it was meant, and what is not set is the default.
#[test]
fn fields_arrive() {
    let bare = Call::new("media/images", "resize", b"");
    assert_eq!(told(&call()), Ok(format!("{bare:?}")));
    let full = slotway_call {
        flags: SLOTWAY_CALL_IDEMPOTENT,
        payload: view("a.png"),
        content_type: view("image/png"),
        key: view("k"),
        timeout_ms: 5_000,
        attempts: 3,
        backoff_ms: 100,
        ..call()
    };
    let meant = Call::new("media/images", "resize", b"a.png")
        .content_type("image/png")
        .key("k")
        .timeout(Duration::from_secs(5))
        .idempotent()
        .retry(3, Duration::from_millis(100));
    assert_eq!(told(&full), Ok(format!("{meant:?}")));
}

/// A key that is there and empty is not the same as none: the caller forgot to fill it.
#[test]
fn an_empty_key_is_given_on() {
    let empty = slotway_call { key: view(""), ..call() };
    assert_eq!(told(&empty), Ok(format!("{:?}", Call::new("media/images", "resize", b"").key(""))));
}

#[test]
fn what_cannot_be_says_so() {
    for (wrong, words) in [
        (slotway_call { flags: 2, ..call() }, "call.flags is 0x2"),
        (slotway_call { attempts: 2, ..call() }, "only what is idempotent is begun again"),
        (
            slotway_call { attempts: 70_000, flags: SLOTWAY_CALL_IDEMPOTENT, ..call() },
            "call.attempts is 70000; 65535 are the most",
        ),
        (slotway_call { size: 12, ..call() }, "call.size is 12"),
        (
            slotway_call { payload: slotway_view { length: 1, ..slotway_view::ABSENT }, ..call() },
            "call.payload is NULL",
        ),
        (slotway_call { activity: slotway_view::new(b"\xff"), ..call() }, "not UTF-8"),
    ] {
        let error = told(&wrong).expect_err("it cannot be");
        assert!(error.contains(words), "{error}");
    }
}
