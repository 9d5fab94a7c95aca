use std::fs;
use std::sync::atomic::{AtomicU32, Ordering};

use super::*;

/// A directory of this test that goes with it.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Scratch {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("slotway-tls-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir(&path).unwrap();
        Scratch(path)
    }

    fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.join(name);
        fs::write(&path, text).unwrap();
        path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn pair() -> (String, String) {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".into()]).unwrap();
    (made.cert.pem(), made.signing_key.serialize_pem())
}

fn problem(tls: &Tls) -> String {
    Server::new(tls, HttpVersions::Both).unwrap_err().to_string()
}

#[test]
fn what_is_wrong_names_the_file_and_what_to_do() {
    let scratch = Scratch::new();
    let (certificate, key) = pair();
    let good = Tls {
        certificate: scratch.file("good.pem", &certificate),
        key: scratch.file("good.key", &key),
    };
    Server::new(&good, HttpVersions::Both).unwrap();

    let missing = Tls { certificate: scratch.0.join("none.pem"), ..good.clone() };
    assert!(problem(&missing).contains("none.pem"), "{}", problem(&missing));
    let swapped = Tls { certificate: good.key.clone(), key: good.certificate.clone() };
    assert!(problem(&swapped).contains("no certificate"), "{}", problem(&swapped));
    let no_key = Tls { key: good.certificate.clone(), ..good.clone() };
    assert!(problem(&no_key).contains("no private key"), "{}", problem(&no_key));
    let other = Tls { key: scratch.file("other.key", &pair().1), ..good.clone() };
    let said = problem(&other);
    assert!(said.contains("other.key") && said.contains("good.pem"), "{said}");
    let cut = &certificate[..certificate.len() / 2];
    let broken = Tls { certificate: scratch.file("cut.pem", cut), ..good };
    assert!(problem(&broken).contains("cut.pem"), "{}", problem(&broken));
}

#[test]
fn one_that_is_broken_leaves_all_as_they_are() {
    let scratch = Scratch::new();
    let listener = |name: &str| {
        let (certificate, key) = pair();
        let tls = Tls {
            certificate: scratch.file(&format!("{name}.pem"), &certificate),
            key: scratch.file(&format!("{name}.key"), &key),
        };
        Listen { tls: Some(tls), ..Listen::default() }
    };
    let listen = [listener("a"), Listen::default(), listener("b")];
    let servers: Vec<_> = listen
        .iter()
        .map(|l| l.tls.as_ref().map(|tls| Arc::new(Server::new(tls, l.http).unwrap())))
        .collect();
    let all = Certificates::new(servers);
    let now = |index: usize| all.0[index].as_ref().unwrap().certificate.0.load_full().cert.clone();
    let before = (now(0), now(2));

    listener("a");
    let key = &listen[2].tls.as_ref().unwrap().key;
    fs::write(key, "nothing").unwrap();
    let error = all.read(&listen).unwrap_err().to_string();
    assert!(error.contains("b.key"), "{error}");
    assert_eq!((now(0), now(2)), before);

    listener("b");
    assert_eq!(all.read(&listen).unwrap().take(), 2);
    assert!(now(0) != before.0 && now(2) != before.1);
}
