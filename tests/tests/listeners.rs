//! Where a hub listens: several addresses, Unix sockets, sockets that a service manager
//! passes.

use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::net::UnixListener;
use std::sync::Arc;
use std::time::Duration;

use rustix::process::Signal;
use slotway_tests::h2::Session;
use slotway_tests::http::{Connection, Request};
use slotway_tests::{Flavor, Hub, PrivateDir, Weight, Worker, case};

const SOON: Duration = Duration::from_secs(20);

fn light(name: &str, body: impl FnOnce()) {
    case(name, Weight::Light, Duration::from_secs(60), body);
}

/// A descriptor that children of this process inherit.
fn inheritable(socket: impl AsFd) -> OwnedFd {
    rustix::io::dup(socket).expect("a descriptor")
}

/// Starts a program with these descriptors as its third, fourth and so on, as a service
/// manager does.
fn passing(sockets: &[&OwnedFd]) -> [String; 3] {
    let moves = sockets.iter().enumerate().map(|(index, socket)| {
        // By way of numbers that are nobody's, because theirs may be among the new ones.
        let (from, to) = (socket.as_raw_fd(), 3 + index);
        format!("exec {}<&{from}; ", 200 + to)
    });
    let settle = (0..sockets.len()).map(|index| format!("exec {}<&{}; ", 3 + index, 203 + index));
    let script: String = moves.chain(settle).collect();
    ["bash".to_owned(), "-c".to_owned(), format!("{script} exec \"$0\" \"$@\"")]
}

fn as_strs(words: &[String; 3]) -> [&str; 3] {
    [&words[0], &words[1], &words[2]]
}

#[test]
fn every_listener_is_announced_in_a_line_of_its_own() {
    light("every_listener_is_announced_in_a_line_of_its_own", || {
        let dir = Arc::new(PrivateDir::new());
        let (socket, ready) = (dir.join("http.sock"), dir.join("ready"));
        let unix = format!("unix:{}", socket.display());
        let mut hub = Hub::builder()
            .dir(&dir)
            .args(&["--listen", &unix, "--listen", "[::1]:0"])
            .args(&["--ready-file", &ready.display().to_string()])
            .start();
        let _worker = Worker::start(Flavor::Rust, &hub);
        hub.process.wait_lines("slotway: listening on ", 3, SOON);
        let lines = fs::read_to_string(&ready).expect("a ready file");
        let lines: Vec<&str> = lines.lines().collect();
        assert_eq!(lines[0], format!("slotway: listening on http://{}", hub.address));
        assert_eq!(lines[1], format!("slotway: listening on http+unix://{}", socket.display()));
        let third: SocketAddr = lines[2]
            .strip_prefix("slotway: listening on http://")
            .and_then(|address| address.parse().ok())
            .expect("an address");
        for mut client in [
            hub.connect(),
            Connection::open_unix(&socket).expect("a hub that listens"),
            Connection::open(third).expect("a hub that listens"),
        ] {
            let response = client.exchange(&Request::get("/hello/you")).expect("an answer");
            assert_eq!(response.expect(200).text(), "hello, you");
        }
        let session = Session::open_unix(&socket).expect("a hub that listens");
        assert_eq!(session.get("/hello/two").expect("an answer").expect(200).text(), "hello, two");
        hub.process.signal(Signal::TERM);
        assert_eq!(hub.process.wait_end(SOON).code(), Some(0));
        assert!(!socket.exists(), "the socket goes with the hub");
    });
}

#[test]
fn a_stale_listener_is_taken_over_and_a_live_one_is_not() {
    light("a_stale_listener_is_taken_over_and_a_live_one_is_not", || {
        let dir = Arc::new(PrivateDir::new());
        let socket = dir.join("http.sock");
        let listen = format!("unix:{}", socket.display());
        let mut first = Hub::builder().dir(&dir).args(&["--listen", &listen]).start();
        first.process.kill();
        assert!(socket.exists(), "a killed hub cannot clean up");
        let second = Hub::builder().dir(&dir).args(&["--listen", &listen]).start();
        let (code, said) = Hub::builder().args(&["--listen", &listen]).start_in_vain();
        assert_eq!(code, Some(1), "{said}");
        assert!(said.contains("http.sock") && said.contains("another process"), "{said}");
        let mut client = Connection::open_unix(&socket).expect("the second still listens");
        client.exchange(&Request::get("/nothing")).expect("an answer").expect(404);
        drop(second);
    });
}

#[test]
fn sockets_from_the_service_manager_are_taken_by_name() {
    light("sockets_from_the_service_manager_are_taken_by_name", || {
        let dir = Arc::new(PrivateDir::new());
        let tcp = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = tcp.local_addr().expect("an address");
        let path = dir.join("passed.sock");
        let unix = UnixListener::bind(&path).expect("a path of our own");
        let (tcp, unix) = (inheritable(&tcp), inheritable(&unix));
        let words = passing(&[&tcp, &unix]);
        let mut hub = Hub::builder()
            .dir(&dir)
            .config("listen = [\"fd:web\", \"fd:local\"]\n")
            .env("LISTEN_FDS", "2")
            .env("LISTEN_FDNAMES", "web:local")
            .through(&as_strs(&words))
            .start();
        let _worker = Worker::start(Flavor::Rust, &hub);
        assert_eq!(hub.address, address);
        let told = format!("slotway: listening on http+unix://{}", path.display());
        hub.process.wait_line(&told, SOON);
        assert_eq!(hub.get("/hello/you").expect(200).text(), "hello, you");
        let mut client = Connection::open_unix(&path).expect("a hub that listens");
        let response = client.exchange(&Request::get("/hello/me")).expect("an answer");
        assert_eq!(response.expect(200).text(), "hello, me");
        hub.process.signal(Signal::TERM);
        assert_eq!(hub.process.wait_end(SOON).code(), Some(0));
        assert!(path.exists(), "the path is the service manager's");
    });
}

#[test]
fn what_was_not_passed_is_said_with_what_was() {
    light("what_was_not_passed_is_said_with_what_was", || {
        let tcp = inheritable(TcpListener::bind("127.0.0.1:0").expect("a port"));
        let file = inheritable(fs::File::open("/dev/null").expect("a file"));
        let words = passing(&[&tcp, &file]);
        let start = |listen: &str| {
            let (code, said) = Hub::builder()
                .config(&format!("listen = [\"{listen}\"]\n"))
                .env("LISTEN_FDS", "2")
                .env("LISTEN_FDNAMES", "web:other")
                .through(&as_strs(&words))
                .start_in_vain();
            assert_eq!(code, Some(1), "{said}");
            said
        };
        let said = start("fd:wrong");
        assert!(said.contains("fd:wrong") && said.contains("web, other"), "{said}");
        let said = start("fd:");
        assert!(said.contains("several") && said.contains("fd:web"), "{said}");
        let said = start("fd:other");
        assert!(said.contains("descriptor 4") && said.contains("listening"), "{said}");
        let (code, said) = Hub::builder().config("listen = [\"fd:web\"]\n").start_in_vain();
        assert_eq!(code, Some(1), "{said}");
        assert!(said.contains("LISTEN_FDS"), "{said}");
    });
}
