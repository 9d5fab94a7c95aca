//! TLS on a listener: versions by ALPN, certificates that change, clients that do not
//! shake hands.

mod common;

use std::fs;
use std::io::Write;
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use common::h2::{Session, block_on};
use common::{Client, Rig, Worker};
use http::Method;
use rustls::pki_types::{CertificateDer, ServerName, pem::PemObject};
use rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};
use slotway_hub::Config;
use slotway_hub::config::Tls;
use tokio_rustls::client::TlsStream;
use tokio_rustls::{TlsConnector, rustls};

/// A certificate with its key, in a directory that goes with the rig.
struct Files {
    directory: std::path::PathBuf,
    tls: Tls,
}

impl Files {
    fn new(name: &str) -> Files {
        let name = format!("slotway-hub-tls-{}-{name}", std::process::id());
        let directory = std::env::temp_dir().join(name);
        fs::create_dir(&directory).unwrap();
        let tls =
            Tls { certificate: directory.join("certificate.pem"), key: directory.join("key.pem") };
        let files = Files { directory, tls };
        files.renew();
        files
    }

    /// Writes another pair; gives its certificate.
    fn renew(&self) -> CertificateDer<'static> {
        let made = rcgen::generate_simple_self_signed(vec!["localhost".into()]).unwrap();
        fs::write(&self.tls.certificate, made.cert.pem()).unwrap();
        fs::write(&self.tls.key, made.signing_key.serialize_pem()).unwrap();
        made.cert.der().clone()
    }

    fn certificate(&self) -> CertificateDer<'static> {
        CertificateDer::from_pem_file(&self.tls.certificate).unwrap()
    }

    fn rig(&self, change: impl FnOnce(&mut Config)) -> Rig {
        Rig::with(|config| {
            config.listen[0].tls = Some(self.tls.clone());
            change(config);
        })
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.directory);
    }
}

/// A client that trusts one certificate and offers these by ALPN.
fn client(trusted: CertificateDer<'static>, alpn: &[&str]) -> ClientConfig {
    client_of(trusted, alpn, rustls::ALL_VERSIONS)
}

fn client_of(
    trusted: CertificateDer<'static>,
    alpn: &[&str],
    versions: &[&'static SupportedProtocolVersion],
) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    roots.add(trusted).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
    config
}

type Connected = TlsStream<tokio::net::TcpStream>;

async fn connect(rig: &Rig, config: &Arc<ClientConfig>) -> std::io::Result<Connected> {
    let stream = tokio::net::TcpStream::connect(rig.hub().address()).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    TlsConnector::from(config.clone()).connect(name, stream).await
}

/// One request of HTTP/1.1 and everything that comes back.
async fn get(stream: &mut Connected, path: &str) -> String {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let request = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).await.unwrap();
    text
}

fn hello(rig: &Rig) -> Worker {
    Worker::start(rig.control(), "x", &[("GET", "/x")], |request| {
        let proto = request.headers.iter().find(|(name, _)| name == "x-forwarded-proto");
        let proto = proto.map_or(Vec::new(), |(_, value)| value.clone());
        request.answer(200, &[], &[b"hello by ", &*proto].concat());
    })
}

/// Goal: ALPN says which version is spoken; without it, it is HTTP/1.1.
#[test]
fn alpn_picks_the_version() {
    let files = Files::new("alpn");
    let rig = files.rig(|_| {});
    let _worker = hello(&rig);
    assert!(rig.hub().addresses()[0].to_string().starts_with("https://127.0.0.1:"));
    block_on(async {
        let both = Arc::new(client(files.certificate(), &["h2", "http/1.1"]));
        let stream = connect(&rig, &both).await.unwrap();
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
        let session = Session::over(stream, "localhost").await;
        let reply = session.send(session.request(Method::GET, "/x"), "").await;
        assert_eq!((reply.status, reply.text()), (200, "hello by https"));
        for alpn in [&["http/1.1"][..], &[]] {
            let one = Arc::new(client(files.certificate(), alpn));
            let mut stream = connect(&rig, &one).await.unwrap();
            assert!(get(&mut stream, "/x").await.ends_with("hello by https"));
        }
        let other = Arc::new(client(files.certificate(), &["spdy/3"]));
        assert!(connect(&rig, &other).await.is_err(), "nothing in common");
    });
}

/// Goal: TLS 1.2 and 1.3 are spoken, and a client that comes back resumes its session.
#[test]
fn sessions_are_resumed_in_both_versions_of_tls() {
    let files = Files::new("resumed");
    let rig = files.rig(|_| {});
    let _worker = hello(&rig);
    block_on(async {
        for version in rustls::ALL_VERSIONS {
            let config = Arc::new(client_of(files.certificate(), &[], &[version]));
            for turn in 0..2 {
                let mut stream = connect(&rig, &config).await.unwrap();
                // Tickets of TLS 1.3 come after the handshake.
                assert!(get(&mut stream, "/x").await.ends_with("hello by https"));
                let session = stream.get_ref().1;
                assert_eq!(session.protocol_version(), Some(version.version));
                let expected = match turn {
                    0 => rustls::HandshakeKind::Full,
                    _ => rustls::HandshakeKind::Resumed,
                };
                assert_eq!(session.handshake_kind(), Some(expected), "{version:?}");
            }
        }
    });
}

/// Goal: a new certificate is for new connections, a broken one for nobody, and neither
/// disturbs a connection that is there.
#[test]
fn a_certificate_changes_under_way() {
    let files = Files::new("reload");
    let rig = files.rig(|_| {});
    let _worker = hello(&rig);
    block_on(async {
        let old = Arc::new(client(files.certificate(), &["h2"]));
        let session = Session::over(connect(&rig, &old).await.unwrap(), "localhost").await;
        let ask = || session.send(session.request(Method::GET, "/x"), "");
        assert_eq!(ask().await.status, 200);

        fs::write(&files.tls.key, "no key").unwrap();
        let error = rig.hub().reload_certificates().unwrap_err().to_string();
        assert!(error.contains("key.pem") && error.contains("no private key"), "{error}");
        let again = Arc::new(client(files.certificate(), &["h2"]));
        connect(&rig, &again).await.unwrap();

        let renewed = files.renew();
        rig.hub().reload_certificates().unwrap();
        let new = Arc::new(client(renewed.clone(), &["h2"]));
        let stream = connect(&rig, &new).await.unwrap();
        assert_eq!(stream.get_ref().1.peer_certificates().unwrap()[0], renewed);
        assert_eq!(ask().await.status, 200, "the old connection goes on");
    });
}

/// Goal: who does not shake hands is cut off in time, or told what is spoken here; nobody
/// else notices.
#[test]
fn clients_that_do_not_shake_hands_disturb_nobody() {
    let files = Files::new("strangers");
    let rig = files.rig(|config| config.times.header_read = Duration::from_millis(500));
    let _worker = hello(&rig);
    let address = rig.hub().address();
    let mut silent = Client::connect(address);
    let mut slow = Client::connect(address);
    slow.write(&[22, 3, 1, 0, 200, 1]);
    let mut garbage = Client::connect(address);
    garbage.write(&[0xff; 300]);
    assert!(garbage.is_closed());
    let mut broken = Client::connect(address);
    broken.write(&[&[22, 3, 1, 0, 5][..], b"wrong"].concat());
    // Perhaps an alert, and then the end.
    broken.wait_end();
    let told = Client::connect(address).get("/x");
    assert_eq!(told.status, 400);
    assert!(told.text().contains("https"), "{told:?}");
    // Gone in the middle of a handshake.
    let mut gone = TcpStream::connect(address).unwrap();
    gone.write_all(&[22, 3, 1]).unwrap();
    drop(gone);
    block_on(async {
        let config = Arc::new(client(files.certificate(), &[]));
        let mut stream = connect(&rig, &config).await.unwrap();
        assert!(get(&mut stream, "/x").await.ends_with("hello by https"));
    });
    assert!(silent.is_closed(), "nothing came in time");
    assert!(slow.is_closed(), "nor did the rest");
}

/// Goal: a handshake has a place among the connections like any other connection.
#[test]
fn handshakes_count_as_connections() {
    let files = Files::new("places");
    let rig = files.rig(|config| config.limits.connections = 1);
    let _worker = hello(&rig);
    let shaking = TcpStream::connect(rig.hub().address()).unwrap();
    block_on(async {
        let config = Arc::new(client(files.certificate(), &[]));
        let waits = connect(&rig, &config);
        tokio::pin!(waits);
        let early = tokio::time::timeout(Duration::from_millis(200), &mut waits).await;
        assert!(early.is_err(), "there was no place");
        drop(shaking);
        let mut stream = waits.await.unwrap();
        assert!(get(&mut stream, "/x").await.ends_with("hello by https"));
    });
}

/// Goal: H21 and H05 under TLS. A client that says close_notify and half-closes gets its
/// answer; one that is gone is noticed, whether it said so or not.
#[test]
fn h05_h21_the_end_of_sending_is_not_the_end() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let files = Files::new("half-closed");
    let rig = files.rig(|_| {});
    let mut worker = Worker::connect(rig.control());
    worker.register("x", &[("GET", "/x")]);
    let config = Arc::new(client(files.certificate(), &["http/1.1"]));
    const GET: &[u8] = b"GET /x HTTP/1.1\r\nhost: localhost\r\n\r\n";
    let send = |ends: bool| {
        let (rig, config) = (&rig, &config);
        async move {
            let mut stream = connect(rig, config).await.unwrap();
            stream.write_all(GET).await.unwrap();
            if ends {
                stream.shutdown().await.unwrap();
            }
            stream
        }
    };
    block_on(async {
        let mut stream = send(true).await;
        let request = worker.next();
        let mut first = [0; 12];
        stream.read_exact(&mut first).await.unwrap();
        assert_eq!(&first, b"HTTP/1.1 100", "it is asked whether it is there");
        request.answer(200, &[], b"late but there");
        let mut text = String::new();
        stream.read_to_string(&mut text).await.unwrap();
        assert!(text.contains("HTTP/1.1 200") && text.ends_with("late but there"), "{text}");

        let stream = send(true).await;
        let request = worker.next();
        drop(stream);
        request.wait_cancelled();
        request.finish();

        let stream = send(false).await;
        let request = worker.next();
        drop(stream);
        request.wait_cancelled();
        request.finish();
    });
    rig.wait_all_free();
}
