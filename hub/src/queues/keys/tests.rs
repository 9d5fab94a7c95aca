use super::*;

const KEPT: Kept = Kept { time: Duration::from_secs(600), count: 3, bytes: 100 };

fn wanted(payload: &'static str) -> Wanted {
    let (queue, kind) = ("a/b".into(), "c".into());
    Wanted { queue, kind, payload: payload.into(), ..Wanted::default() }
}

fn answered(body: &str) -> Outcome {
    Outcome { status: 200, ..Outcome::failed(CallEnd::Answered, body) }
}

fn done(keys: &Keys, wanted: &Wanted, key: &str, body: &str) {
    let Entered::Mine(running) = keys.enter(&Key::of(wanted, key)) else { panic!("{key} is new") };
    running.settle(&answered(body), KEPT);
}

/// Goal: a key gives what came of it, for the same payload only.
#[test]
fn q07_a_key_gives_its_outcome() {
    let (keys, wanted, other) = (Keys::default(), wanted("one"), wanted("two"));
    done(&keys, &wanted, "k", "done");
    let Entered::Done(outcome) = keys.enter(&Key::of(&wanted, "k")) else { panic!("known") };
    assert_eq!(&*outcome.body, b"done");
    assert!(matches!(keys.enter(&Key::of(&other, "k")), Entered::Reused));
    let elsewhere = Wanted { kind: "d".into(), ..self::wanted("one") };
    assert!(matches!(keys.enter(&Key::of(&elsewhere, "k")), Entered::Mine(_)));
}

/// Goal: the store is bounded in number and in bytes; the oldest goes first.
#[test]
fn q07_the_store_is_bounded() {
    let (keys, wanted) = (Keys::default(), wanted("one"));
    for key in ["1", "2", "3", "4"] {
        done(&keys, &wanted, key, "x");
    }
    assert!(matches!(keys.enter(&Key::of(&wanted, "1")), Entered::Mine(_)), "the oldest went");
    assert!(matches!(keys.enter(&Key::of(&wanted, "4")), Entered::Done(_)));
    done(&keys, &wanted, "large", &"x".repeat(99));
    assert!(matches!(keys.enter(&Key::of(&wanted, "large")), Entered::Done(_)));
    assert!(matches!(keys.enter(&Key::of(&wanted, "3")), Entered::Mine(_)), "no room beside it");
    done(&keys, &wanted, "too large", &"x".repeat(101));
    assert!(matches!(keys.enter(&Key::of(&wanted, "too large")), Entered::Mine(_)));
    assert_eq!(keys.lock().bytes, 0);
}

/// Goal: what ended without an answer may be tried again, and whoever waited is told.
#[tokio::test]
async fn q07_what_was_not_answered_is_not_kept() {
    let (keys, wanted) = (Keys::default(), wanted("one"));
    let key = Key::of(&wanted, "k");
    let Entered::Mine(running) = keys.enter(&key) else { panic!("new") };
    let Entered::Running(over) = keys.enter(&key) else { panic!("under way") };
    running.settle(&Outcome::failed(CallEnd::WorkerGone, "gone"), KEPT);
    over.wait().await;
    let Entered::Mine(running) = keys.enter(&key) else { panic!("new again") };
    let Entered::Running(over) = keys.enter(&key) else { panic!("under way") };
    drop(running);
    over.wait().await;
    assert!(matches!(keys.enter(&key), Entered::Mine(_)));
}

/// Goal: an outcome is forgotten after its time.
#[tokio::test(start_paused = true)]
async fn q07_outcomes_are_kept_for_a_while() {
    let (keys, wanted) = (Keys::default(), wanted("one"));
    done(&keys, &wanted, "k", "done");
    tokio::time::advance(Duration::from_secs(599)).await;
    assert!(matches!(keys.enter(&Key::of(&wanted, "k")), Entered::Done(_)));
    tokio::time::advance(Duration::from_secs(2)).await;
    assert!(matches!(keys.enter(&Key::of(&wanted, "k")), Entered::Mine(_)));
}
