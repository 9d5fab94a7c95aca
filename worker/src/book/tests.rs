//! How registrations stand, step by step.

use std::time::{Duration, Instant};

use slotway_core::control::{RefusalCode, WorkerMessage};

use super::*;

fn book() -> Book {
    Book::new(Backoff { jitter: Duration::ZERO, ..Backoff::default() })
}

fn registration(name: &str) -> Registration {
    Registration::new(name).route("GET", "/")
}

/// What there is to tell the hub, in short.
fn due(book: &mut Book, now: Instant) -> Vec<String> {
    let said = |message: WorkerMessage| match message {
        WorkerMessage::Register(register) => {
            let credential = register.credential.map_or_else(String::new, |c| format!(" {c}"));
            format!("register {}{credential}", register.id)
        }
        WorkerMessage::Unregister(unregister) => format!("unregister {}", unregister.id),
        other => panic!("{other:?}"),
    };
    book.due(now).into_iter().map(said).collect()
}

fn refuse(book: &mut Book, id: u32, code: RefusalCode, now: Instant) {
    assert!(book.refused(id, code, "because".to_owned(), now));
}

/// Goal: what one meets changes nothing for the others, and each has a wait of its own.
#[test]
fn r01_each_registration_has_its_own_backoff() {
    let (mut book, now) = (book(), Instant::now());
    for name in ["a", "b", "c"] {
        book.add(registration(name)).unwrap();
    }
    assert_eq!(due(&mut book, now), ["register 0", "register 1", "register 2"]);
    assert!(due(&mut book, now).is_empty(), "once");
    assert!(book.registered(0, None, now));
    refuse(&mut book, 1, RefusalCode::RegionUnavailable, now);
    refuse(&mut book, 2, RefusalCode::RouteConflict, now);
    assert_eq!(book.state(0), Some(&RegistrationState::Live));
    assert!(!book.awaits());
    let ms = Duration::from_millis;
    assert_eq!(book.next_due(), Some(now + ms(500)));
    assert!(due(&mut book, now + ms(499)).is_empty());
    assert_eq!(due(&mut book, now + ms(500)), ["register 1"], "what is refused for good is not");
    refuse(&mut book, 1, RefusalCode::RegionUnavailable, now);
    assert_eq!(book.next_due(), Some(now + ms(1000)), "the second failure in a row");
    let metrics = book.metrics(None, None);
    assert_eq!(metrics[1].backoff, Some(ms(1000)));
    assert_eq!((metrics[0].backoff, metrics[2].backoff), (None, None));
    assert!(matches!(metrics[2].ending, Some(Ending::Refused { .. })));
}

/// Goal: only a registration that lasted counts its next failure as the first again.
#[test]
fn r01_a_success_that_did_not_last_resets_nothing() {
    let (mut book, now) = (book(), Instant::now());
    book.add(registration("a")).unwrap();
    for (lived, waited) in [(0, 500), (4, 1000), (6, 500), (0, 1000)] {
        let now = now + Duration::from_secs(100);
        let _ = due(&mut book, now);
        if lived > 0 {
            assert!(book.registered(0, None, now));
        }
        let then = now + Duration::from_secs(lived);
        refuse(&mut book, 0, RefusalCode::ShuttingDown, then);
        assert_eq!(book.next_due(), Some(then + Duration::from_millis(waited)), "{lived}");
        let _ = due(&mut book, then + Duration::from_secs(60));
    }
}

/// Goal: the second refusal of a credential in a row drops it; what else happens in between
/// neither counts nor starts the count anew.
#[test]
fn r09_a_credential_is_dropped_at_its_second_refusal_in_a_row() {
    let (mut book, start) = (book(), Instant::now());
    let mut now = start;
    book.add(registration("a")).unwrap();
    let mut next = |book: &mut Book| {
        now += Duration::from_secs(100);
        let said = due(book, now);
        (said, now)
    };
    assert_eq!(next(&mut book).0, ["register 0"]);
    assert!(book.pending(0, "wait".to_owned()));
    assert!(matches!(book.state(0), Some(RegistrationState::Waiting { .. })));
    assert!(book.registered(0, Some("7-secret".to_owned()), start));
    book.detached(&Ending::HubClosed, start);
    let (said, at) = next(&mut book);
    assert_eq!(said, ["register 0 7-secret"]);
    refuse(&mut book, 0, RefusalCode::BadCredential, at);
    let (said, at) = next(&mut book);
    assert_eq!(said, ["register 0 7-secret"], "one refusal is none");
    refuse(&mut book, 0, RefusalCode::ShuttingDown, at);
    book.detached(&Ending::HubClosed, at);
    assert_eq!(next(&mut book).0, ["register 0 7-secret"], "another error does not count");
    refuse(&mut book, 0, RefusalCode::BadCredential, at);
    assert_eq!(next(&mut book).0, ["register 0"], "nor did it start the count anew");

    // A success does.
    assert!(book.registered(0, Some("8-secret".to_owned()), at));
    for _ in 0..3 {
        book.detached(&Ending::HubClosed, at);
        let (said, at) = next(&mut book);
        assert_eq!(said, ["register 0 8-secret"]);
        refuse(&mut book, 0, RefusalCode::BadCredential, at);
        assert_eq!(next(&mut book).0, ["register 0 8-secret"]);
        assert!(book.registered(0, None, at), "without a new one the old one stays");
    }
}

/// Goal: numbers are never used again, and words about what is gone are nobody's.
#[test]
fn r11_a_number_belongs_to_one_registration_for_ever() {
    let (mut book, now) = (book(), Instant::now());
    for name in ["a", "b"] {
        book.add(registration(name)).unwrap();
    }
    let _ = due(&mut book, now);
    assert!(book.registered(0, None, now) && book.registered(1, None, now));
    let first = book.entries().get(0).unwrap().clone();
    assert!(book.withdraw(0) && !first.is_gone());
    assert_eq!(book.state(0), Some(&RegistrationState::Withdrawing));
    assert_eq!(due(&mut book, now), ["unregister 0"]);
    assert!(book.registered(0, None, now), "an answer that crossed it");
    assert_eq!(book.state(0), Some(&RegistrationState::Withdrawing));
    assert!(book.unregistered(0) && first.is_gone());
    assert!(!book.unregistered(0) && !book.unregistered(1), "that one was not asked to go");
    assert!(!book.registered(0, None, now) && !book.pending(7, String::new()));
    assert!(!book.refused(0, RefusalCode::Other, String::new(), now));
    assert_eq!(book.departed(0).unwrap().ending, Some(Ending::Withdrawn));
    assert!(!book.withdraw(0));

    let again = book.add(registration("a")).unwrap();
    assert_eq!(again.index, 2);
    let numbers: Vec<_> = book.entries().values().map(|entry| entry.index).collect();
    assert_eq!(numbers, [1, 2]);
    assert!(book.entries().get(0).is_none() && book.entries().get(2).is_some());
}

/// Goal: whatever it waits for, what is withdrawn goes, and what the hub does not know goes at
/// once.
#[test]
fn what_is_withdrawn_goes_from_every_state() {
    let now = Instant::now();
    let cases: [(&str, bool); 5] = [
        ("unsent", true),
        ("asked", false),
        ("waiting", false),
        ("refused", true),
        ("live", false),
    ];
    for (state, at_once) in cases {
        let mut book = book();
        book.add(registration("a")).unwrap();
        if state != "unsent" {
            let _ = due(&mut book, now);
        }
        match state {
            "waiting" => assert!(book.pending(0, String::new())),
            "refused" => refuse(&mut book, 0, RefusalCode::ShuttingDown, now),
            "live" => assert!(book.registered(0, None, now)),
            _ => {}
        }
        assert!(book.withdraw(0));
        assert_eq!(book.is_empty(), at_once, "{state}");
        if !at_once {
            assert_eq!(due(&mut book, now), ["unregister 0"], "{state}");
            match state {
                "asked" => assert!(book.refused(0, RefusalCode::Other, String::new(), now)),
                "waiting" => book.detached(&Ending::HubClosed, now),
                _ => assert!(book.unregistered(0)),
            }
        }
        assert!(book.is_empty() && book.departed(0).is_some(), "{state}");
    }
    let mut book = book();
    for index in 0..2000 {
        book.add(registration("a")).unwrap();
        assert!(book.withdraw(index));
    }
    assert_eq!(book.all_departed().len(), 1024, "the last ones");
}

/// Goal: two of a name differ by their instances, and the error names the key.
#[test]
fn r03_a_duplicate_is_an_error_that_names_it() {
    let mut book = book();
    book.add(registration("m")).unwrap();
    book.add(registration("m").instance("a1")).unwrap();
    book.add(registration("m").instance("a2")).unwrap();
    for (again, key) in
        [(registration("m"), "\"m\""), (registration("m").instance("a1"), "\"m.a1\"")]
    {
        let error = book.add(again).unwrap_err().to_string();
        assert!(error.contains(key) && error.contains("twice"), "{error}");
    }
    assert!(book.add(registration("m").instance("a.b")).is_err());
    let order: Vec<_> =
        book.entries().values().map(|entry| entry.registration.identity()).collect();
    assert_eq!(order, ["m", "m.a1", "m.a2"]);
}

/// Goal: the hub's end is counted for those that were live, with the reason.
#[test]
fn r10_what_a_registration_meets_is_counted() {
    let (mut book, now) = (book(), Instant::now());
    for name in ["a", "b"] {
        book.add(registration(name)).unwrap();
    }
    for round in 0..3 {
        let _ = due(&mut book, now);
        assert!(book.registered(0, None, now));
        let metrics = book.metrics(None, None);
        assert_eq!((metrics[0].reconnects, metrics[1].reconnects), (round, 0));
        book.detached(&Ending::HubClosed, now);
    }
    let rtt = Some(Duration::from_micros(7));
    let metrics = book.metrics(Some(Duration::from_secs(2)), rtt);
    assert_eq!((metrics[0].disconnects, metrics[1].disconnects), (3, 0));
    assert_eq!(metrics[0].last_disconnect, Some(Ending::HubClosed));
    assert_eq!((metrics[1].last_disconnect.clone(), metrics[1].heartbeat_rtt), (None, rtt));
    assert_eq!(metrics[0].backoff, Some(Duration::from_secs(2)), "the connection's");
    assert_eq!(metrics[0].ending, None);
    book.ended(&Ending::Shutdown);
    assert_eq!(book.metrics(None, None)[1].ending, Some(Ending::Shutdown));
}
