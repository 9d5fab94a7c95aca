//! The end of a hub: what is in flight finishes, and nothing is left behind.

mod common;

use std::time::Duration;

use common::worker::Link;
use common::{Client, Rig, Worker, wait_until};
use slotway_core::control::{HubMessage, RefusalCode, Register, WorkerMessage};

/// Goal: a shutdown lets what is in flight finish, says drain and bye, and removes the
/// sockets.
#[test]
fn what_is_in_flight_finishes() {
    let mut rig = Rig::new();
    let mut worker = Worker::connect(rig.control());
    worker.register("x", &[("GET", "/x")]);
    let (address, control) = (rig.hub().address(), rig.control().to_owned());
    let admin = rig.hub().admin_path().unwrap().to_owned();
    let mut idle = rig.client();
    assert_eq!(idle.get("/nothing").status, 404);
    let mut client = rig.client();
    client.send("GET", "/x", "", b"");
    let request = worker.next();

    let ending = rig.start_shutdown();
    assert!(matches!(worker.link.receive(), HubMessage::Drain(_)));
    assert!(idle.is_closed(), "an idle connection closes at once");
    wait_until("nobody is let in", || std::net::TcpStream::connect(address).is_err());
    assert!(!ending.is_finished());
    let late = &mut worker.link;
    late.send(&WorkerMessage::Heartbeat { seq: 1 });
    assert_eq!(late.receive(), HubMessage::Heartbeat { seq: 1 });
    request.answer(200, &[], b"last");
    let reply = client.reply("GET");
    assert_eq!(reply.text(), "last");
    assert!(matches!(late.receive(), HubMessage::Bye(_)));
    assert_eq!(late.try_receive(), None);
    ending.join().unwrap();
    assert!(!control.exists() && !admin.exists());
}

/// Goal: what does not finish is cut off at the end of the grace time.
#[test]
fn h16_the_grace_time_is_the_end() {
    let mut rig = Rig::with(|config| config.times.grace = Duration::from_millis(100));
    let mut worker = Worker::connect(rig.control());
    worker.register("x", &[("GET", "/x")]);
    let mut client = rig.client();
    client.send("GET", "/x", "", b"");
    let stream = worker.next();
    stream.head(200, None, &[]);
    assert!(stream.write(b"forever"));
    assert_eq!(client.head().status, 200);
    rig.start_shutdown().join().unwrap();
    while let Some(chunk) = client.chunk() {
        assert!(!chunk.is_empty(), "a clean end");
    }
    drop((stream, worker));
}

/// Goal: while the hub shuts down, registrations are refused as such.
#[test]
fn a_hub_that_shuts_down_takes_nothing_new() {
    let mut rig = Rig::new();
    let mut worker = Worker::connect(rig.control());
    worker.register("x", &[("GET", "/x")]);
    let mut greeting = Link::connect(rig.control());
    let mut client = rig.client();
    client.send("GET", "/x", "", b"");
    let request = worker.next();
    let ending = rig.start_shutdown();
    assert!(matches!(worker.link.receive(), HubMessage::Drain(_)));
    let HubMessage::Refused(refused) = greeting.receive() else { panic!() };
    assert_eq!(refused.code, RefusalCode::ShuttingDown);
    worker.link.send(&WorkerMessage::Register(Register::new(1, "y", Vec::new())));
    let HubMessage::Refused(refused) = worker.link.receive() else { panic!() };
    assert_eq!((refused.id, refused.code), (Some(1), RefusalCode::ShuttingDown));
    request.answer(200, &[], b"");
    assert_eq!(client.reply("GET").status, 200);
    ending.join().unwrap();
}

/// Goal: H10, two hubs on one machine share nothing.
#[test]
fn h10_two_hubs_do_not_touch_each_other() {
    let (one, two) = (Rig::new(), Rig::new());
    let _first = Worker::start(one.control(), "x", &[("GET", "/x")], |request| {
        request.answer(200, &[], b"one");
    });
    let _second = Worker::start(two.control(), "x", &[("GET", "/x")], |request| {
        request.answer(200, &[], b"two");
    });
    assert_eq!(one.get("/x").text(), "one");
    assert_eq!(two.get("/x").text(), "two");
    one.shutdown();
    assert_eq!(two.get("/x").text(), "two");
}

/// Goal: H17, nothing of the admin surface is within reach of the public port.
#[test]
fn h17_the_admin_surface_has_a_socket_of_its_own() {
    let rig = Rig::new();
    let _worker = Worker::start(rig.control(), "x", &[("GET", "/x/{id}")], |request| {
        request.answer(200, &[], b"");
    });
    for path in ["/internal/workers", "/internal/slots"] {
        assert_eq!(rig.get(path).status, 404);
    }
    let workers = rig.admin("/internal/workers");
    let worker = &workers["workers"][0];
    assert_eq!(worker["sdk"], "test/0");
    assert_eq!(worker["pid"], std::process::id());
    assert_eq!(worker["standing"], "live");
    assert_eq!(worker["registrations"][0]["routes"][0]["pattern"], "/x/{id}");
    assert_eq!(rig.slots()["slots"], 16);
    assert_eq!(rig.admin("/health")["status"], "ok");
    let mut admin = Client::unix(rig.hub().admin_path().unwrap());
    let reply = admin.get("/other");
    assert_eq!((reply.status, &*reply.code()), (404, "no_route"));
    wait_until("every slot is free", || rig.slots()["free"] == 16);
}
