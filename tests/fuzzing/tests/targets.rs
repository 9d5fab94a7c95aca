//! Every target with random bytes, and with the bytes that libFuzzer has found worth keeping.

use std::fs;
use std::path::Path;

use proptest::collection::vec;
use proptest::prelude::any;
use proptest::test_runner::{Config, TestRunner};
use slotway_fuzzing::TARGETS;

/// Goal: what was found once is never broken again.
#[test]
fn the_stored_corpus_passes() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus");
    for (name, target) in TARGETS {
        let files = fs::read_dir(corpus.join(name)).expect("every target has a corpus");
        let mut count = 0;
        for file in files {
            let path = file.expect("it can be read").path();
            println!("{}", path.display());
            target(&fs::read(&path).expect("it can be read"));
            count += 1;
        }
        assert!(count > 0, "the corpus of {name} is empty");
    }
}

/// Goal: no bytes break what a target says; a failure is shrunk to its shortest bytes.
fn random_bytes_pass(name: &str, cases: u32, length: usize) {
    let (_, target) = TARGETS.into_iter().find(|(found, _)| *found == name).expect("a target");
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let outcome = TestRunner::new(config).run(&vec(any::<u8>(), 0..length), |data| {
        target(&data);
        Ok(())
    });
    if let Err(error) = outcome {
        panic!("{name}: {error}");
    }
}

#[test]
fn control_messages() {
    random_bytes_pass("control", 2000, 300);
}

#[test]
fn http_requests() {
    random_bytes_pass("http_requests", 2000, 300);
}

#[test]
fn operations_of_both_sides() {
    random_bytes_pass("operations", 3000, 1500);
}

#[test]
fn proxy_headers() {
    random_bytes_pass("proxy_header", 2000, 300);
}

#[test]
fn records() {
    random_bytes_pass("records", 3000, 300);
}

#[test]
fn region_headers() {
    random_bytes_pass("region_header", 2000, 60);
}

#[test]
fn request_heads() {
    random_bytes_pass("request_head", 3000, 400);
}

#[test]
fn response_heads() {
    random_bytes_pass("response_head", 3000, 400);
}

#[test]
fn server_sent_events() {
    random_bytes_pass("server_sent_event", 3000, 100);
}
