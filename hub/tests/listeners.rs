//! Where a hub listens: several addresses, Unix sockets, and behind proxies that say whose
//! connection it is.

mod common;

use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::time::Duration;

use common::{Client, Rig, Worker};
use slotway_hub::Hub;
use slotway_hub::config::{Address, Config, Control, Listen, Mode};

/// A worker that says whose request it got.
fn whose(rig: &Rig) -> Worker {
    Worker::start(rig.control(), "x", &[("GET", "/x")], |request| {
        let peer = request.peer.map_or("nobody".to_owned(), |peer| peer.to_string());
        request.answer(200, &[], peer.as_bytes());
    })
}

fn unix(path: &str) -> PathBuf {
    std::env::temp_dir().join(format!("slotway-{}-{path}", std::process::id()))
}

/// Goal: a hub serves on all of its addresses, tells them all, and leaves none behind.
#[test]
fn every_address_is_served() {
    let path = unix("all.sock");
    let rig = Rig::with(|config| {
        let any: Address = "127.0.0.1:0".parse().unwrap();
        config.listen.push(Listen::plain(any));
        let socket = Listen::plain(Address::Unix(path.clone()));
        config.listen.push(Listen { mode: Mode(0o606), ..socket });
    });
    let _worker = whose(&rig);
    let told: Vec<String> = rig.hub().addresses().iter().map(ToString::to_string).collect();
    assert_eq!(told.len(), 3);
    assert_eq!(told[0], format!("http://{}", rig.hub().address()));
    assert_eq!(told[2], format!("http+unix://{}", path.display()));
    for told in &told[..2] {
        let address: SocketAddr = told.strip_prefix("http://").unwrap().parse().unwrap();
        assert!(Client::connect(address).get("/x").text().starts_with("127.0.0.1:"));
    }
    assert_eq!(Client::unix(&path).get("/x").text(), "nobody");
    assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o606);
    rig.shutdown();
    assert!(!path.exists(), "the socket goes with the hub");
}

/// Goal: all addresses or none; what was taken first is given back, and the error says
/// which one it was.
#[test]
fn one_address_that_cannot_be_had_is_no_start() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let path = unix("none.sock");
    let directory = unix("none");
    let plain = |address| Listen::plain(address);
    let start = |listen: Vec<Listen>| {
        let control = Control { path: Some(directory.join("hub.sock")), ..Control::default() };
        let config = Config { listen, control, ..Config::default() };
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(Hub::start(config)).unwrap_err().to_string()
    };
    let error = start(vec![plain(Address::Unix(path.clone())), plain(Address::Tcp(address))]);
    assert!(error.contains(&address.to_string()) && error.contains("another process"), "{error}");
    assert!(!path.exists(), "the first one was given back");

    let lost = plain(Address::Unix("/nowhere/at/all.sock".into()));
    let error = start(vec![lost]);
    assert!(error.contains("/nowhere/at/all.sock") && error.contains("directory"), "{error}");
    let error = start(vec![plain(Address::Passed("web".into()))]);
    assert!(error.contains("fd:web") && error.contains("LISTEN_FDS"), "{error}");
    assert!(!directory.exists(), "nothing else was touched");
}

/// Goal: the cap is for all listeners together, and no listener starves another.
#[test]
fn the_cap_on_connections_is_for_all_listeners() {
    let path = unix("cap.sock");
    let rig = Rig::with(|config| {
        config.listen.push(Listen::plain(Address::Unix(path.clone())));
        config.limits.connections = 1;
    });
    let _worker = whose(&rig);
    for _ in 0..3 {
        let mut first = rig.client();
        assert_eq!(first.get("/x").status, 200);
        let mut second = Client::unix(&path);
        second.send("GET", "/x", "", b"");
        drop(first);
        assert_eq!(second.reply("GET").text(), "nobody");
    }
}

fn behind_proxy(change: impl FnOnce(&mut Config)) -> Rig {
    Rig::with(|config| {
        config.listen[0].proxy_protocol = true;
        change(config);
    })
}

/// Goal: who a proxy says that it is, is the client; on both versions of the protocol.
#[test]
fn the_proxy_protocol_says_who_the_client_is() {
    let rig = behind_proxy(|_| {});
    let _worker = whose(&rig);
    let asked = |header: &[u8]| {
        let mut client = rig.client();
        client.write(header);
        client.get("/x").text().to_owned()
    };
    let line = b"PROXY TCP4 192.0.2.7 198.51.100.1 56324 443\r\n";
    assert_eq!(asked(line), "192.0.2.7:56324");
    let line6 = b"PROXY TCP6 2001:db8::7 2001:db8::1 56324 443\r\n";
    assert_eq!(asked(line6), "[2001:db8::7]:56324");
    let binary =
        b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0f\xc0\0\x02\x07\xc6\x33\x64\x01\xdc\x04\x01\xbb\x04\0\0";
    assert_eq!(asked(binary), "192.0.2.7:56324");
    let local = b"\r\n\r\n\0\r\nQUIT\n\x20\0\0\0";
    assert!(asked(local).starts_with("127.0.0.1:"));
    assert!(asked(b"PROXY UNKNOWN\r\n").starts_with("127.0.0.1:"));
    // In one piece with what follows, and byte by byte.
    let mut client = rig.client();
    client.write(&[&line[..], b"GET /x HTTP/1.1\r\nhost: t\r\n\r\n"].concat());
    assert_eq!(client.reply("GET").text(), "192.0.2.7:56324");
    let mut client = rig.client();
    for byte in line {
        client.write(&[*byte]);
    }
    assert_eq!(client.get("/x").text(), "192.0.2.7:56324");
    assert_eq!(client.get("/x").status, 200, "once for a connection");
}

/// Goal: a connection without the header is not served, and one that trickles is cut off.
#[test]
fn a_connection_without_the_header_is_not_served() {
    let rig = behind_proxy(|config| config.times.header_read = Duration::from_millis(300));
    let _worker = whose(&rig);
    let closed = |bytes: &[u8]| {
        let mut client = rig.client();
        client.write(bytes);
        assert!(client.is_closed(), "{}", bytes.escape_ascii());
    };
    closed(b"GET /x HTTP/1.1\r\nhost: t\r\n\r\n");
    closed(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    closed(b"");
    closed(b"PROXY TCP4 192.0.2.7");
    closed(b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xc0\0");
    closed(b"\r\n\r\n\0\r\nQUIT\n\x21\x11\xff\xff");
    closed(&[b"PROXY UNKNOWN ".as_slice(), &[b'x'; 200]].concat());
    let mut client = rig.client();
    client.write(b"PROXY UNKNOWN\r\n");
    assert_eq!(client.get("/x").status, 200);
}
