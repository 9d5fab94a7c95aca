//! Tokens and keys that openssl made; those who need another one every time are signed here.

use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use serde_json::{Value, json};

use super::Verifier;
use crate::config::{Jwt, JwtAlgorithm};

const SECRET: &[u8] = b"a secret of thirty-two bytes, or more";
/// Both of `{"sub":"alice","topics":["news.*"],"exp":4102444800}`.
const RS256: &str = include_str!("tests/rs256.token").trim_ascii_end();
const ES256: &str = include_str!("tests/es256.token").trim_ascii_end();

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

fn secret(change: impl FnOnce(&mut Jwt)) -> Verifier {
    let mut config = Jwt { leeway: Duration::from_secs(5), ..Jwt::default() };
    change(&mut config);
    Verifier::new(config, SECRET.to_vec())
}

fn public(algorithm: JwtAlgorithm, file: &str) -> Result<Verifier, String> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/events/jwt/tests");
    let key_file = Some(directory.join(file));
    Verifier::read(&Jwt { algorithm, key_file, ..Jwt::default() })
}

fn sign(header: &Value, claims: &Value, secret: &[u8]) -> String {
    let part = |value: &Value| BASE64.encode(value.to_string());
    let message = format!("{}.{}", part(header), part(claims));
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, secret);
    format!("{message}.{}", BASE64.encode(ring::hmac::sign(&key, message.as_bytes())))
}

fn hs256(claims: &Value) -> String {
    sign(&json!({"alg": "HS256"}), claims, SECRET)
}

#[test]
fn each_algorithm_verifies_what_its_key_has_signed() {
    let rsa = public(JwtAlgorithm::Rs256, "rsa.pem").unwrap();
    let p256 = public(JwtAlgorithm::Es256, "p256.pem").unwrap();
    let claims = json!({"sub": "alice", "topics": ["news.*"], "exp": 4_102_444_800_u64});
    let hs256 = hs256(&claims);
    for (verifier, token) in [(&rsa, RS256), (&p256, ES256), (&secret(|_| {}), &hs256)] {
        let rights = verifier.verify(token.as_bytes()).unwrap();
        assert_eq!(rights.principal.as_deref(), Some("alice"));
        assert_eq!(rights.topics.unwrap()[0].as_str(), "news.*");
        assert!(rights.until > Some(UNIX_EPOCH + Duration::from_secs(4_102_444_800)));
        // Any other byte of it, and it is not that token any more.
        for at in (0..token.len()).step_by(7) {
            let mut other = token.as_bytes().to_vec();
            other[at] = if other[at] == b'A' { b'B' } else { b'A' };
            assert!(verifier.verify(&other).is_err(), "byte {at} of {token}");
        }
    }
}

/// Goal: which algorithm is used is never the token's to say.
#[test]
fn the_algorithm_is_the_configurations() {
    let rsa = public(JwtAlgorithm::Rs256, "rsa.pem").unwrap();
    let p256 = public(JwtAlgorithm::Es256, "p256.pem").unwrap();
    let own = secret(|_| {});
    let claims = json!({"sub": "alice", "topics": ["#"], "exp": now() + 60});
    // The public key as everybody has it, taken for a secret.
    let pem = include_bytes!("tests/rsa.pem");
    for header in [
        json!({"alg": "HS256"}),
        json!({"alg": "none"}),
        json!({"alg": "None"}),
        json!({"alg": "RS256"}),
        json!({"alg": "HS512"}),
        json!({"alg": ["HS256"]}),
        json!({}),
    ] {
        for verifier in [&rsa, &p256] {
            for key in [pem.as_slice(), &verifier.bytes] {
                let token = sign(&header, &claims, key);
                assert!(verifier.verify(token.as_bytes()).is_err(), "{header}");
            }
            let unsigned = sign(&header, &claims, pem);
            let unsigned = &unsigned[..=unsigned.rfind('.').unwrap()];
            assert!(verifier.verify(unsigned.as_bytes()).is_err(), "{header}");
        }
        let is_ours = header == json!({"alg": "HS256"});
        let token = sign(&header, &claims, SECRET);
        assert_eq!(own.verify(token.as_bytes()).is_ok(), is_ours, "{header}");
    }
    assert!(own.verify(RS256.as_bytes()).is_err() && rsa.verify(ES256.as_bytes()).is_err());
}

#[test]
fn claims_have_to_be_as_configured() {
    let strict = secret(|config| {
        config.issuer = Some("https://login.example".to_owned());
        config.audience = vec!["events".to_owned(), "all".to_owned()];
    });
    let plain = secret(|_| {});
    let good = json!({
        "iss": "https://login.example", "aud": "events", "exp": now() + 60, "topics": "a b.*",
    });
    let with = |name: &str, value: Value| {
        let mut claims = good.clone();
        match value {
            Value::Null => claims.as_object_mut().unwrap().remove(name),
            value => claims.as_object_mut().unwrap().insert(name.to_owned(), value),
        };
        hs256(&claims)
    };
    let verdict = |token: String| strict.verify(token.as_bytes()).map(|rights| rights.topics);
    assert_eq!(verdict(hs256(&good)).unwrap().unwrap().len(), 2);
    assert!(verdict(with("aud", json!(["x", "all"]))).is_ok());
    assert!(verdict(with("exp", json!(now() - 3))).is_ok(), "within the leeway");
    assert!(verdict(with("nbf", json!(now() + 3))).is_ok(), "within the leeway");
    for (name, value) in [
        ("iss", json!("https://other.example")),
        ("iss", Value::Null),
        ("iss", json!(7)),
        ("aud", json!("other")),
        ("aud", Value::Null),
        ("aud", json!({})),
        ("exp", json!(now() - 60)),
        ("exp", Value::Null),
        ("exp", json!("4102444800")),
        ("exp", json!(-1)),
        ("nbf", json!(now() + 60)),
        ("nbf", json!("1")),
        ("topics", json!(7)),
        ("topics", json!(["a", 7])),
        ("topics", json!(vec!["a"; 257])),
        ("sub", json!(["alice"])),
    ] {
        let error = verdict(with(name, value.clone())).unwrap_err();
        assert!(!error.is_empty(), "{name} = {value}");
    }
    // A token for somebody is not for anybody.
    assert!(plain.verify(hs256(&good).as_bytes()).is_err());
    assert!(plain.verify(with("aud", Value::Null).as_bytes()).is_ok());
    let empty = plain.verify(hs256(&json!({"exp": now() + 60})).as_bytes()).unwrap();
    assert!(empty.topics.unwrap().is_empty() && empty.principal.is_none());
}

#[test]
fn what_is_no_token_is_refused() {
    let verifier = secret(|_| {});
    let long = "a".repeat(20_000);
    for token in ["", ".", "..", "a.b.c", "a.b.c.d", &long, "\u{0}.\u{0}.\u{0}"] {
        assert!(verifier.verify(token.as_bytes()).is_err(), "{token:?}");
    }
    assert!(verifier.verify(&[0xff; 300]).is_err());
}

#[test]
fn a_key_is_of_the_algorithm() {
    let wrong = |algorithm, file, words: &str| {
        let error = public(algorithm, file).unwrap_err();
        assert!(error.contains(file) && error.contains(words), "{error}");
    };
    wrong(JwtAlgorithm::Es256, "rsa.pem", "another kind");
    wrong(JwtAlgorithm::Es256, "p384.pem", "another kind");
    wrong(JwtAlgorithm::Rs256, "p256.pem", "another kind");
    wrong(JwtAlgorithm::Rs256, "rs256.token", "no public key");
    wrong(JwtAlgorithm::Rs256, "missing.pem", "cannot be read");
    let file = std::env::temp_dir().join(format!("slotway-jwt-{}", std::process::id()));
    let jwt = Jwt { key_file: Some(file.clone()), ..Jwt::default() };
    let judge = |bytes: &[u8], mode: u32| {
        let _ = std::fs::remove_file(&file);
        std::fs::write(&file, bytes).unwrap();
        let mode = std::os::unix::fs::PermissionsExt::from_mode(mode);
        std::fs::set_permissions(&file, mode).unwrap();
        Verifier::read(&jwt).map(|verifier| verifier.bytes)
    };
    assert_eq!(judge(b"0123456789abcdef0123456789abcdef\r\n", 0o600).unwrap().len(), 32);
    assert!(judge(b"0123456789abcdef0123456789abcde\n", 0o600).unwrap_err().contains("31 bytes"));
    assert!(judge(&[b'a'; 64], 0o644).unwrap_err().contains("0644"));
    assert!(judge(include_bytes!("tests/p256.pem"), 0o600).unwrap_err().contains("a PEM"));
    std::fs::remove_file(&file).unwrap();
}
