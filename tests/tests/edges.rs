//! What the hub holds requests to and tells of them, through its configuration file: rules
//! of routes, limits for each client, and headers about the client.

use std::time::Duration;

use slotway_tests::h2::Session;
use slotway_tests::http::{Connection, Request};
use slotway_tests::{Hub, Worker, eventually, flavors};

const SOON: Duration = Duration::from_secs(20);

/// A hub with these tables in its configuration.
fn configured(tables: &str) -> Hub {
    let listen = "[[listen]]\naddress = \"127.0.0.1:0\"\n";
    Hub::builder().config(&format!("{listen}{tables}")).start()
}

flavors! {
    Light, 40, fn h04_a_rules_line_is_bounded_and_says_when_to_come_again(flavor) {
        let hub = configured(
            "[[route]]\npattern = \"/sleep/{ms}\"\nconcurrency = 1\nwaiters = 1\nwait = \"1500ms\"\n",
        );
        let _worker = Worker::builder(flavor, &hub).threads(4).start(&hub);
        let mut first = hub.begin("/sleep/5000");
        hub.wait_claimed(1);
        let mut second = hub.begin("/sleep/1");
        let waiting = || hub.admin("/internal/rules")["rules"][0]["waiting"].as_u64();
        eventually("one waits", SOON, || (waiting() == Some(1)).then_some(()));
        let full = hub.get("/sleep/1");
        assert_eq!(full.problem(), "queue_full");
        assert_eq!(full.status(), 503);
        assert_eq!(full.head.one("retry-after"), Some("1"));
        assert_eq!(full.json()["retry_after_ms"], 250, "the line is full");
        let late = second.read_response().expect("an answer");
        assert_eq!((late.status(), late.problem().as_str()), (503, "wait_timeout"));
        // Other routes are not held up, and this one goes on.
        assert_eq!(hub.get("/hello/there").expect(200).text(), "hello, there");
        assert_eq!(first.read_response().expect("an answer").expect(200).text(), "slept");
        assert_eq!(hub.get("/sleep/1").expect(200).text(), "slept");
        hub.wait_all_free();
    }

    Light, 40, fn h14_what_is_about_the_connection_stays_there(flavor) {
        let hub = Hub::start();
        let _worker = Worker::start(flavor, &hub);
        let request = Request::get("/headers")
            .header("connection", "X-Secret, te")
            .header("te", "trailers")
            .header("keep-alive", "timeout=5")
            .header("x-secret", "1")
            .header("x-a", "1")
            .header("x-b", b"caf\xe9 \xff")
            .header("x-a", "2");
        let response = hub.connect().exchange(&request).expect("an answer").expect(200);
        let lines: Vec<&[u8]> = response.body.split(|&byte| byte == b'\n').collect();
        let names = ["connection", "te", "keep-alive", "x-secret"];
        for name in names {
            let begins = |line: &&[u8]| line.starts_with(format!("{name}: ").as_bytes());
            assert!(!lines.iter().any(begins), "{name}");
        }
        let sent: Vec<&&[u8]> = lines.iter().filter(|line| line.starts_with(b"x-a: ")).collect();
        assert_eq!(sent, [b"x-a: 1", b"x-a: 2"]);
        assert!(lines.contains(&&b"x-b: caf\xe9 \xff"[..]));
        let cookies: Vec<&[u8]> = response.head.all("set-cookie").collect();
        assert_eq!(cookies, [b"a=1", b"b=2", b"a=1"]);
    }

    Light, 40, fn h18_a_route_has_limits_of_its_own(flavor) {
        let hub = configured(
            "[timeouts]\nrequest = \"20s\"\n\
             [[route]]\npattern = \"/sleep/{ms}\"\nrequest = \"150ms\"\n\
             [[route]]\npattern = \"/echo\"\nmethod = \"POST\"\nbody-bytes = 10\n\
             [[route]]\npattern = \"/slow-read/{ms}\"\nbody-bytes = 10\n",
        );
        let _worker = Worker::builder(flavor, &hub).threads(4).start(&hub);
        let session = Session::open(hub.address).expect("a hub that listens");
        let late = hub.get("/sleep/1000");
        assert_eq!((late.status(), late.problem().as_str()), (504, "deadline"));
        let late = session.get("/sleep/1000").expect("an answer");
        assert_eq!((late.status(), late.problem().as_str()), (504, "deadline"));
        assert_eq!(hub.get("/sleep/1").expect(200).text(), "slept");

        let long = hub.send(Request::post("/echo", "eleven byte"));
        assert_eq!((long.status(), long.problem().as_str()), (413, "body_too_large"));
        // Its length is not known beforehand; so by a route that answers after the body.
        let long = session.exchange(session.request("POST", "/slow-read/0"), b"eleven byte");
        assert_eq!(long.expect("an answer").problem(), "body_too_large");
        assert_eq!(hub.send(Request::post("/echo", "ten bytes.")).expect(200).text(), "ten bytes.");
        // The rule is about one method.
        let put = Request::new("PUT", "/echo").body("eleven byte");
        assert_eq!(hub.send(put).expect(200).text(), "eleven byte");
        hub.wait_all_free();
    }

    Light, 40, fn h22_requests_in_flight_count_and_idle_connections_do_not(flavor) {
        let hub = configured("[limits]\nper-client = 2\n");
        let _worker = Worker::builder(flavor, &hub).threads(4).start(&hub);
        let idle: Vec<Connection> = (0..20).map(|_| hub.connect()).collect();
        let mut busy = [hub.begin("/sleep/1500"), hub.begin("/sleep/1500")];
        hub.wait_claimed(2);
        let refused = hub.get("/hello/there");
        assert_eq!((refused.status(), refused.problem().as_str()), (429, "too_many_requests"));
        assert_eq!(refused.head.one("retry-after"), Some("1"));
        for client in &mut busy {
            assert_eq!(client.read_response().expect("an answer").expect(200).text(), "slept");
        }
        assert_eq!(hub.get("/hello/there").expect(200).text(), "hello, there");
        drop(idle);
        hub.wait_all_free();
    }

    Light, 40, fn a_worker_is_told_who_the_client_is(flavor) {
        let hub = configured("[forwarded]\ntrust = [\"127.0.0.2/32\"]\n");
        let _worker = Worker::start(flavor, &hub);
        let forged = Request::get("/headers")
            .header("x-forwarded-for", "203.0.113.7")
            .header("x-request-id", "forged");
        let response = hub.connect().exchange(&forged).expect("an answer").expect(200);
        let id = response.head.one("x-request-id").expect("an id").to_owned();
        let text = response.text();
        let host = hub.address;
        for line in [
            "x-forwarded-for: 127.0.0.1".to_owned(),
            "x-forwarded-proto: http".to_owned(),
            format!("x-request-id: {id}"),
            format!("traceparent: 00-{id}-"),
        ] {
            assert!(text.contains(&line), "{line} in {text}");
        }
        assert!(!text.contains("203.0.113.7") && !text.contains("forged"), "{text}");
        assert!(text.contains("forwarded: for=127.0.0.1;host="), "{host}: {text}");
    }
}
