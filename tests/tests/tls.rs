//! TLS as a client from elsewhere sees it, and certificates that are read anew on SIGHUP.

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use rustix::process::Signal;
use slotway_tests::h2::{Session, builder, wait};
use slotway_tests::{Flavor, Hub, HubBuilder, PrivateDir, Weight, Worker, case, eventually};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto::ring};

const SOON: Duration = Duration::from_secs(20);

/// Writes a certificate and its key; gives the certificate.
fn renew(dir: &PrivateDir) -> CertificateDer<'static> {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".into()]).expect("a pair");
    let write = |name, text| fs::write(dir.join(name), text).expect("a directory of our own");
    write("certificate.pem", made.cert.pem());
    write("key.pem", made.signing_key.serialize_pem());
    made.cert.der().clone()
}

fn hub(dir: &Arc<PrivateDir>) -> HubBuilder {
    let (certificate, key) = (dir.join("certificate.pem"), dir.join("key.pem"));
    Hub::builder().dir(dir).config(&format!(
        "[[listen]]\naddress = \"127.0.0.1:0\"\ncertificate = \"{}\"\nkey = \"{}\"\n",
        certificate.display(),
        key.display()
    ))
}

/// Shakes hands, trusting one certificate.
fn shake(hub: &Hub, trusted: &CertificateDer<'static>) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.clone()).expect("a certificate");
    let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec()];
    let name = ServerName::try_from("localhost").expect("a name");
    wait("a handshake", async {
        let stream = TcpStream::connect(hub.address).await?;
        TlsConnector::from(Arc::new(config)).connect(name, stream).await
    })
}

fn session(hub: &Hub, trusted: &CertificateDer<'static>) -> Session {
    let stream = shake(hub, trusted).expect("a hub that speaks TLS");
    Session::over(stream, "https://localhost", &builder()).expect("HTTP/2")
}

#[test]
fn a_certificate_is_read_anew_on_sighup() {
    case("a_certificate_is_read_anew_on_sighup", Weight::Light, Duration::from_secs(60), || {
        let dir = Arc::new(PrivateDir::new());
        let old = renew(&dir);
        let hub = hub(&dir).start();
        let _worker = Worker::start(Flavor::Rust, &hub);
        let kept = session(&hub, &old);
        let ask = |session: &Session| session.get("/hello/tls").expect("an answer").expect(200);
        assert_eq!(ask(&kept).text(), "hello, tls");

        let new = renew(&dir);
        hub.process.signal(Signal::HUP);
        eventually("the new certificate is shown", SOON, || shake(&hub, &new).ok());
        assert!(shake(&hub, &old).is_err(), "the old one is not shown any more");
        assert_eq!(ask(&session(&hub, &new)).text(), "hello, tls");
        assert_eq!(ask(&kept).text(), "hello, tls", "the old connection goes on");

        fs::write(dir.join("key.pem"), "no key").expect("a directory of our own");
        hub.process.signal(Signal::HUP);
        hub.process.wait_line("no private key", SOON);
        assert_eq!(ask(&session(&hub, &new)).text(), "hello, tls", "the last good one stays");
    });
}

#[test]
fn a_key_that_does_not_fit_is_no_start() {
    case("a_key_that_does_not_fit_is_no_start", Weight::Light, Duration::from_secs(60), || {
        let dir = Arc::new(PrivateDir::new());
        renew(&dir);
        let kept = fs::read(dir.join("key.pem")).expect("our own file");
        renew(&dir);
        fs::write(dir.join("key.pem"), kept).expect("our own file");
        let (code, said) = hub(&dir).start_in_vain();
        assert_ne!(code, Some(0), "{said}");
        assert!(said.contains("key.pem") && said.contains("certificate.pem"), "{said}");
    });
}
