//! H21 and H05: a client that has ended its sending, and a client that is gone. On the wire
//! both begin with the same FIN.

use std::io::{ErrorKind, Read, Write as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use slotway::{Options, Response};
use slotway_tests::http::{Connection, Request};
use slotway_tests::{Hub, Pattern, Weight, Worker, case, eventually, flavors};

const SOON: Duration = Duration::from_secs(20);

/// Sends bytes, then ends sending.
fn half_closed(hub: &Hub, bytes: &[u8]) -> Connection {
    let mut client = hub.connect();
    client.send(bytes).expect("a hub that reads");
    client.wire().end_of_sending().expect("a socket");
    client
}

/// Reads a final response. Gives how many interim ones came before it, too.
fn read_final(client: &mut Connection) -> (usize, slotway_tests::http::Response) {
    for interim in 0.. {
        let response = client.read_response().expect("an answer");
        if response.status() != 100 {
            return (interim, response);
        }
    }
    unreachable!("there are not that many numbers")
}

flavors! {
    Light, 40, fn h21_half_closed_client_gets_its_answer(flavor) {
        let hub = Hub::start();
        let _worker = Worker::start(flavor, &hub);
        let mut client = half_closed(&hub, &Request::get("/sleep/300").bytes());
        let (interim, response) = read_final(&mut client);
        assert_eq!(response.expect(200).text(), "slept");
        assert!(interim > 0, "it was asked whether it is there");
        assert!(client.is_at_end().expect("an end"), "nothing more can come");
        // One that is answered at once.
        let mut client = half_closed(&hub, &Request::get("/hello/you").bytes());
        assert_eq!(read_final(&mut client).1.expect(200).text(), "hello, you");
        assert!(client.is_at_end().expect("an end"));
        hub.wait_all_free();
    }

    Light, 40, fn h21_half_closed_upload_gets_its_answer(flavor) {
        let hub = Hub::start();
        let _worker = Worker::start(flavor, &hub);
        let body = Pattern::new(0).take(300_000);
        let mut client = half_closed(&hub, &Request::post("/slow-read/20", body).bytes());
        assert_eq!(read_final(&mut client).1.expect(200).text(), "300000");
        assert!(client.is_at_end().expect("an end"));
        hub.wait_all_free();
    }

    Light, 40, fn h21_half_closed_pipeline_is_answered_whole_and_in_order(flavor) {
        let hub = Hub::start();
        let _worker = Worker::start(flavor, &hub);
        let targets = ["/hello/1", "/sleep/100", "/hello/2", "/sleep/101", "/hello/3"];
        let bytes: Vec<u8> = targets.iter().flat_map(|target| Request::get(target).bytes()).collect();
        let mut client = half_closed(&hub, &bytes);
        let texts = targets.map(|_| read_final(&mut client).1.expect(200).text());
        assert_eq!(texts, ["hello, 1", "slept", "hello, 2", "slept", "hello, 3"]);
        assert!(client.is_at_end().expect("an end"));
        hub.wait_all_free();
    }

    Light, 40, fn h21_half_closed_client_of_1_0_gets_its_answer_and_no_interim_one(flavor) {
        let hub = Hub::start();
        let _worker = Worker::start(flavor, &hub);
        let mut client = half_closed(&hub, b"GET /sleep/300 HTTP/1.0\r\n\r\n");
        let response = client.read_response().expect("an answer").expect(200);
        assert_eq!(response.text(), "slept");
        hub.wait_all_free();
    }

    Light, 60, fn h21_half_closed_within_a_response_gets_the_rest(flavor) {
        let hub = Hub::start();
        let _worker = Worker::start(flavor, &hub);
        let pattern = Pattern::new(0);
        const LENGTH: u64 = 8 << 20;
        for kind in ["download", "sized"] {
            let mut client = hub.connect();
            client.wire().set_small_buffers().expect("a socket");
            client.send(&Request::get(&format!("/{kind}/{LENGTH}")).bytes()).expect("sent");
            let head = client.read_head().expect("a head");
            client.wire().end_of_sending().expect("a socket");
            let mut body = Vec::new();
            client.body(&head).read_to_end(&mut body).expect("all of it");
            assert_eq!(body.len() as u64, LENGTH);
            pattern.check(0, &body);
        }
        hub.wait_all_free();
    }

    Light, 40, fn h05_closed_client_is_noticed(flavor) {
        let hub = Hub::start();
        let worker = Worker::start(flavor, &hub);
        let mut client = hub.connect();
        client.send(&Request::get("/wait-cancelled/a").bytes()).expect("sent");
        worker.says("waiting a");
        drop(client);
        worker.says("cancelled a");
        // One that half-closed first, was asked and stayed, and leaves later.
        let mut client = half_closed(&hub, &Request::get("/wait-cancelled/b").bytes());
        assert_eq!(client.read_response().expect("a question").status(), 100);
        worker.says("waiting b");
        assert_eq!(hub.slots().claimed, 1, "it is waited for");
        drop(client);
        worker.says("cancelled b");
        // One whose machine says so.
        let mut client = hub.connect();
        client.wire().reset_on_close().expect("a socket");
        client.send(&Request::get("/wait-cancelled/c").bytes()).expect("sent");
        worker.says("waiting c");
        drop(client);
        worker.says("cancelled c");
        hub.wait_all_free();
    }

    Light, 40, fn h05_h21_the_same_on_a_unix_socket(flavor) {
        let builder = Hub::builder();
        let path = builder.path("http.sock");
        let address = format!("unix:{}", path.display());
        let hub = builder.args(&["--listen", &address]).start();
        let worker = Worker::start(flavor, &hub);
        let connect = || Connection::open_unix(&path).expect("a hub that listens");
        let mut client = connect();
        client.send(&Request::get("/sleep/300").bytes()).expect("sent");
        client.wire().end_of_sending().expect("a socket");
        assert_eq!(read_final(&mut client).1.expect(200).text(), "slept");
        assert!(client.is_at_end().expect("an end"));
        // Both as who knows interim responses and as who does not.
        for (id, version) in [("a", "1.1"), ("b", "1.0")] {
            let mut client = connect();
            let head = format!("GET /wait-cancelled/{id} HTTP/{version}\r\nhost: a\r\n\r\n");
            client.send(head.as_bytes()).expect("sent");
            client.wire().end_of_sending().expect("a socket");
            worker.says(&format!("waiting {id}"));
            assert_eq!(hub.slots().claimed, 1, "it is waited for");
            drop(client);
            worker.says(&format!("cancelled {id}"));
        }
        hub.wait_all_free();
    }

    Light, 40, fn h05_client_that_leaves_in_its_upload_is_noticed(flavor) {
        let hub = Hub::start();
        let _worker = Worker::start(flavor, &hub);
        let mut client = hub.connect();
        let request = Request::new("POST", "/slow-read/10").header("content-length", "5000000");
        client.send(&request.head_bytes()).expect("sent");
        client.send(&Pattern::new(0).take(200_000)).expect("sent");
        eventually("the worker has it", SOON, || (hub.slots().claimed == 1).then_some(()));
        drop(client);
        hub.wait_all_free();
    }
}

/// Goal: a stream that is quiet. Who closes is noticed without a word from the worker, who
/// half-closes gets the rest, and what asks them is no byte of the body.
#[test]
fn h05_h21_quiet_streams() {
    case("h05_h21_quiet_streams", Weight::Light, Duration::from_secs(60), || {
        let hub = Hub::start();
        let (go_on, cancelled) =
            (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
        let (asked, told) = (go_on.clone(), cancelled.clone());
        let worker = slotway::Worker::new("quiet")
            .options(Options::new().hub(hub.control_path()))
            .threads(2)
            .get("/quiet", move |_: &mut slotway::Request| {
                let (asked, told) = (asked.clone(), told.clone());
                Response::stream(move |out| {
                    out.write_all(b"first")?;
                    out.flush()?;
                    while !asked.load(Ordering::Relaxed) {
                        if out.wait_cancelled(Some(Duration::from_millis(20))) {
                            told.store(true, Ordering::Relaxed);
                            return Err(ErrorKind::BrokenPipe.into());
                        }
                    }
                    out.write_all(b", last")
                })
            })
            .start()
            .expect("a worker that starts");
        hub.wait_registered(std::process::id(), "quiet");
        let begin = || {
            let mut client = hub.connect();
            client.send(&Request::get("/quiet").bytes()).expect("sent");
            let head = client.read_head().expect("a head");
            let mut first = [0; 5];
            client.body(&head).read_exact(&mut first).expect("the beginning");
            client
        };
        let client = begin();
        drop(client);
        eventually("the worker is told", SOON, || cancelled.load(Ordering::Relaxed).then_some(()));

        let mut client = begin();
        client.wire().end_of_sending().expect("a socket");
        let mut question = [0];
        client.read_exact(&mut question).expect("the question");
        assert_eq!(&question, b"0");
        go_on.store(true, Ordering::Relaxed);
        let mut rest = Vec::new();
        client.read_to_end(&mut rest).expect("the rest");
        let rest = String::from_utf8(rest).expect("text");
        // The next chunk's size, of which the question was the first digit; it may have been
        // asked once more.
        assert_eq!(rest.trim_start_matches('0'), "6\r\n, last\r\n0\r\n\r\n");
        hub.wait_all_free();
        drop(worker);
    });
}
