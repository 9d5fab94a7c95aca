//! Registrations that come in, wait for somebody's word, or stay out.

mod common;

use std::path::Path;
use std::process::Command;

use common::{Client, Reply, Rig, Worker, wait_until};
use serde_json::{Value, json};
use slotway_core::control::{
    HubMessage, RefusalCode, Register, Registered, Route, Unregister, WorkerMessage,
};
use slotway_hub::config::Identities;

fn rig(accept: &[&str], approve: &[&str], refuse: &[&str]) -> Rig {
    let all = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect();
    let (accept, approve, refuse) = (all(accept), all(approve), all(refuse));
    Rig::with(|config| config.identities = Identities { accept, approve, refuse })
}

fn register(id: u32, name: &str, instance: &str, path: &str) -> Register {
    let instance = Some(instance.to_owned()).filter(|instance| !instance.is_empty());
    Register { instance, ..Register::new(id, name, vec![Route::new("GET", path)]) }
}

/// Sends a registration and gives the answer.
fn offer(worker: &mut Worker, register: &Register) -> HubMessage {
    worker.link.send(&WorkerMessage::Register(register.clone()));
    worker.link.receive()
}

fn pending(worker: &mut Worker, register: &Register) -> String {
    match offer(worker, register) {
        HubMessage::Pending(pending) => {
            assert_eq!(pending.id, register.id);
            pending.reason
        }
        other => panic!("{other:?}"),
    }
}

fn refused(answer: HubMessage) -> (Option<u32>, RefusalCode, String) {
    match answer {
        HubMessage::Refused(refused) => (refused.id, refused.code, refused.reason),
        other => panic!("{other:?}"),
    }
}

fn registered(answer: HubMessage) -> (u32, Option<String>) {
    match answer {
        HubMessage::Registered(registered) => (registered.id, registered.credential),
        other => panic!("{other:?}"),
    }
}

fn say(rig: &Rig, body: &Value) -> Reply {
    let mut client = Client::unix(rig.hub().admin_path().unwrap());
    client.request("POST", "/internal/approve", "", body.to_string().as_bytes())
}

fn waiting(rig: &Rig) -> Vec<String> {
    let listing = rig.admin("/internal/identities");
    let all = listing["waiting"].as_array().unwrap();
    all.iter().map(|one| one["identity"].as_str().unwrap().to_owned()).collect()
}

/// Goal: each registration of one connection is judged by itself: one comes in, one waits, one
/// is refused, and the first serves all the while.
#[test]
fn r05_each_registration_is_judged_by_itself() {
    let rig = rig(&["in"], &["ask"], &["out"]);
    let mut worker = Worker::connect(rig.control());
    assert_eq!(registered(offer(&mut worker, &register(0, "in", "a", "/in"))), (0, None));
    let reason = pending(&mut worker, &register(1, "ask", "a", "/ask"));
    assert!(reason.contains("slotway approve ask.a"), "{reason}");
    let (id, code, reason) = refused(offer(&mut worker, &register(2, "out", "a", "/out")));
    assert_eq!((id, code), (Some(2), RefusalCode::NotAccepted));
    assert!(reason.contains("\"out.a\"") && reason.contains("identities.refuse"), "{reason}");
    let (_, code, reason) = refused(offer(&mut worker, &register(3, "other", "", "/other")));
    assert_eq!(code, RefusalCode::NotAccepted);
    assert!(reason.contains("identities.accept"), "{reason}");
    worker.serve(1, |request| request.answer(200, &[], b"served"));
    assert_eq!(rig.get("/in").text(), "served");
    assert_eq!(rig.get("/ask").status, 404, "it is not there before it is approved");
    assert_eq!(waiting(&rig), ["ask.a"]);

    let approved = say(&rig, &json!({ "identity": "ask.a", "verdict": "approve" }));
    assert_eq!(approved.status, 200, "{approved:?}");
    assert_eq!(approved.json(), json!({ "settled": ["ask.a"], "revoked": 0 }));
    let (id, credential) = registered(worker.link.receive());
    assert_eq!(id, 1);
    assert!(credential.is_some_and(|text| (16..=256).contains(&text.len())));
    assert_eq!(rig.get("/ask").text(), "served");
    assert!(waiting(&rig).is_empty());
    let identities: Vec<_> = rig.admin("/internal/workers")["workers"][0]["registrations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|known| known["identity"].clone())
        .collect();
    assert_eq!(identities, ["in.a", "ask.a"]);
}

/// Goal: a credential lets the same identity in again, on another connection too, and nobody
/// else; revoked, it does not count, and its owner asks anew.
#[test]
fn r09_a_credential_counts_until_it_is_revoked() {
    let rig = rig(&[], &["ask"], &[]);
    let mut worker = Worker::connect(rig.control());
    let plain = register(1, "ask", "a", "/x");
    pending(&mut worker, &plain);
    assert_eq!(say(&rig, &json!({ "identity": "ask", "verdict": "approve" })).status, 200);
    let (_, credential) = registered(worker.link.receive());
    drop(worker);

    let mut again = Worker::connect(rig.control());
    let shown = Register { credential: credential.clone(), ..plain.clone() };
    assert_eq!(registered(offer(&mut again, &shown)), (1, None), "at once");
    let foreign = Register { id: 2, instance: Some("b".to_owned()), ..shown.clone() };
    let (id, code, _) = refused(offer(&mut again, &foreign));
    assert_eq!((id, code), (Some(2), RefusalCode::BadCredential));

    let revoked = say(&rig, &json!({ "identity": "ask.a", "verdict": "refuse" }));
    assert_eq!(revoked.json(), json!({ "settled": [], "revoked": 1 }));
    again.serve(1, |request| request.answer(200, &[], b"still"));
    assert_eq!(rig.get("/x").text(), "still", "what is live stays");
    let mut later = Worker::connect(rig.control());
    let (_, code, reason) = refused(offer(&mut later, &shown));
    assert_eq!(code, RefusalCode::BadCredential);
    assert!(reason.contains("register without it"), "{reason}");
    pending(&mut later, &plain);
}

/// Goal: what was refused or approved for good needs no second word.
#[test]
fn a_word_for_good_is_about_those_that_come_later() {
    let rig = rig(&[], &["*"], &[]);
    let mut worker = Worker::connect(rig.control());
    pending(&mut worker, &register(0, "m", "a", "/x"));
    pending(&mut worker, &register(1, "m", "b", "/x"));
    pending(&mut worker, &register(2, "n", "a", "/n"));
    let always = |identity: &str, verdict: &str| {
        let reply = say(&rig, &json!({ "identity": identity, "verdict": verdict, "always": true }));
        assert_eq!(reply.status, 200, "{reply:?}");
    };
    always("m.a", "approve");
    assert_eq!(registered(worker.link.receive()).0, 0);
    always("n", "refuse");
    let (id, code, reason) = refused(worker.link.receive());
    assert_eq!((id, code), (Some(2), RefusalCode::NotAccepted));
    assert!(reason.contains("\"n.a\""), "{reason}");
    assert_eq!(waiting(&rig), ["m.b"]);
    let mut other = Worker::connect(rig.control());
    assert_eq!(registered(offer(&mut other, &register(0, "m", "a", "/x"))), (0, None));
    assert_eq!(
        refused(offer(&mut other, &register(1, "n", "z", "/n"))).1,
        RefusalCode::NotAccepted
    );
    let standing = rig.admin("/internal/identities")["standing"].clone();
    let expected = json!([
        { "identity": "m.a", "verdict": "approve" },
        { "identity": "n", "verdict": "refuse" },
    ]);
    assert_eq!(standing, expected);
}

/// Goal: what waits ends with its connection, its drain or its withdrawal, and is looked at
/// once more when it is approved.
#[test]
fn what_waits_can_be_withdrawn() {
    let rig = rig(&["free"], &["ask"], &[]);
    let mut worker = Worker::connect(rig.control());
    pending(&mut worker, &register(7, "ask", "a", "/x"));
    let (_, code, _) = refused(offer(&mut worker, &register(7, "ask", "b", "/x")));
    assert_eq!(code, RefusalCode::DuplicateRegistration, "its id waits already");
    let (_, code, _) = refused(offer(&mut worker, &register(8, "ask", "a", "/x")));
    assert_eq!(code, RefusalCode::DuplicateRegistration, "its identity waits already");
    worker.link.send(&WorkerMessage::Unregister(Unregister { id: 7 }));
    let gone = HubMessage::Unregistered(Registered::new(7, "ask"));
    assert_eq!(worker.link.receive(), gone);
    assert!(waiting(&rig).is_empty());
    let nobody = say(&rig, &json!({ "identity": "ask.a", "verdict": "approve" }));
    assert_eq!((nobody.status, &*nobody.code()), (404, "not_waiting"));

    pending(&mut worker, &register(7, "ask", "a", "/x"));
    let mut other = Worker::connect(rig.control());
    assert_eq!(registered(offer(&mut other, &register(0, "free", "a", "/x"))).0, 0);
    assert_eq!(say(&rig, &json!({ "identity": "ask.a", "verdict": "approve" })).status, 200);
    let (id, code, _) = refused(worker.link.receive());
    assert_eq!((id, code), (Some(7), RefusalCode::RouteConflict), "the route was taken since");

    pending(&mut worker, &register(9, "ask", "c", "/y"));
    drop(worker);
    wait_until("nobody waits", || waiting(&rig).is_empty());
}

/// Goal: what cannot be taken is refused at once, and what waits counts among its worker's
/// registrations.
#[test]
fn r06_what_waits_is_bounded() {
    let all = vec!["*".to_owned()];
    let rig = Rig::with(|config| {
        config.identities = Identities { accept: Vec::new(), approve: all, refuse: Vec::new() };
        config.workers.registrations = 2;
    });
    let mut worker = Worker::connect(rig.control());
    let bad = Register { routes: vec![Route::new("GET", "x")], ..register(0, "m", "", "/") };
    assert_eq!(refused(offer(&mut worker, &bad)).1, RefusalCode::BadPattern);
    let (_, code, reason) = refused(offer(&mut worker, &register(0, "m", "a.b", "/x")));
    assert_eq!(code, RefusalCode::BadName);
    assert!(reason.contains("\"a.b\"") && reason.contains("'.'"), "{reason}");
    pending(&mut worker, &register(0, "m", "a", "/x"));
    pending(&mut worker, &register(1, "m", "b", "/x"));
    let (_, code, reason) = refused(offer(&mut worker, &register(2, "m", "c", "/x")));
    assert_eq!(code, RefusalCode::DuplicateRegistration);
    assert!(reason.contains("2 registrations"), "{reason}");
    for (body, words) in [
        ("{", "word about an identity"),
        (r#"{"identity":"a..b","verdict":"approve"}"#, "no pattern"),
        (r#"{"identity":"a.b","verdict":"perhaps"}"#, "perhaps"),
        (r#"{"identity":"a.b","verdict":"approve","twice":1}"#, "twice"),
    ] {
        let mut client = Client::unix(rig.hub().admin_path().unwrap());
        let reply = client.request("POST", "/internal/approve", "", body.as_bytes());
        assert_eq!((reply.status, &*reply.code()), (400, "bad_request"), "{body}");
        assert!(reply.text().contains(words), "{}", reply.text());
    }
}

/// Goal: two instances of a name on one connection share its load, and one withdrawn leaves
/// the other.
#[test]
fn h09_instances_of_one_connection_share_the_load() {
    let rig = Rig::new();
    let mut worker = Worker::connect(rig.control());
    for (id, instance) in [(4, "a"), (5, "b")] {
        worker.register_with(Register {
            max_concurrent: Some(1),
            ..register(id, "pair", instance, "/x")
        });
    }
    let mut clients = [rig.client(), rig.client(), rig.client()];
    for client in &mut clients {
        client.send("GET", "/x", "", b"");
    }
    let (first, second) = (worker.next(), worker.next());
    let mut seen = [first.registration, second.registration];
    seen.sort_unstable();
    assert_eq!(seen, [4, 5], "each has one, as many as it may");
    worker.link.send(&WorkerMessage::Unregister(Unregister { id: 4 }));
    for request in [first, second] {
        request.answer(200, &[], b"shared");
    }
    let gone = HubMessage::Unregistered(Registered::new(4, "pair"));
    assert_eq!(worker.link.receive(), gone);
    let third = worker.next();
    assert_eq!(third.registration, 5);
    third.answer(200, &[], b"shared");
    for client in &mut clients {
        assert_eq!(client.reply("GET").text(), "shared");
    }
    rig.wait_all_free();
}

fn approve(admin: &Path, arguments: &[&str]) -> (i32, String, String) {
    let run = Command::new(env!("CARGO_BIN_EXE_slotway"))
        .arg("approve")
        .args(arguments)
        .env("SLOTWAY_ADMIN", admin)
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (run.status.code().unwrap(), text(run.stdout), text(run.stderr))
}

/// Goal: the command lists those that wait, and gives them their word.
#[test]
fn the_command_lists_approves_and_refuses() {
    let rig = rig(&[], &["*"], &[]);
    let admin = rig.hub().admin_path().unwrap().to_owned();
    let (code, out, _) = approve(&admin, &[]);
    assert_eq!((code, &*out), (0, "nothing waits for approval\n"));
    let mut worker = Worker::connect(rig.control());
    pending(&mut worker, &register(0, "media.resize", "a1", "/x"));
    pending(&mut worker, &register(1, "media.resize", "a2", "/x"));
    let (code, out, _) = approve(&admin, &["--list"]);
    assert_eq!(code, 0);
    let lines: Vec<_> = out.lines().collect();
    assert!(lines[0].starts_with("IDENTITY         WORKER"), "{out}");
    assert!(lines[1].starts_with("media.resize.a1") && lines[1].contains("test/0"), "{out}");
    assert!(lines[2].starts_with("media.resize.a2"), "{out}");
    let (code, out, _) = approve(&admin, &["media.resize.a1", "--always"]);
    let expected = "approved media.resize.a1\nmedia.resize.a1 is approved from here on\n";
    assert_eq!((code, &*out), (0, expected));
    assert_eq!(registered(worker.link.receive()).0, 0);
    let (code, out, _) = approve(&admin, &["media.*", "--refuse"]);
    let expected = "refused media.resize.a2\ntook back 1 credentials\n";
    assert_eq!((code, &*out), (0, expected));
    assert_eq!(refused(worker.link.receive()).1, RefusalCode::NotAccepted);
    let (code, out, _) = approve(&admin, &["--json"]);
    assert_eq!(code, 0);
    let listing: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(listing["standing"][0]["identity"], "media.resize.a1");
    let (code, _, err) = approve(&admin, &["nobody.x"]);
    assert_eq!(code, 1);
    assert!(err.contains("\"nobody.x\""), "{err}");
    assert_eq!(approve(&admin, &["--refuse"]).0, 2, "whom is not said");
}
