//! Every ordering in core's source, and a model that fails without it.

use std::fs;
use std::path::{Path, PathBuf};

use loom::sync::atomic::Ordering;
use slotway_core::model::weaken_at;

use crate::model::Model;

const MODELS: &[&[Model]] = &[
    crate::abandon::MODELS,
    crate::bell::MODELS,
    crate::dispatch::MODELS,
    crate::events::MODELS,
    crate::exchange::MODELS,
    crate::free_list::MODELS,
    crate::probe::MODELS,
    crate::queue::MODELS,
    crate::signal::MODELS,
    crate::stream::MODELS,
    crate::waiter::MODELS,
    crate::word::MODELS,
];

/// One ordering that carries a label.
#[derive(Debug)]
struct Place {
    /// Path below core's `src`.
    file: &'static str,
    line: u32,
    label: &'static str,
    lost: Ordering,
}

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../core/src")
}

fn files(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).expect("core's source is there") {
        let path = entry.expect("core's source can be read").path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}

/// The text between `open` and the next `close`, for every place where `open` stands.
fn between<'a>(line: &'a str, open: &'a str, close: char) -> impl Iterator<Item = &'a str> {
    line.split(open).skip(1).filter_map(move |rest| rest.split(close).next())
}

fn places() -> Vec<Place> {
    let root = source();
    let mut places = Vec::new();
    for path in files(&root) {
        let file = path.strip_prefix(&root).expect("it lies below").to_str().expect("UTF-8");
        if file == "sync.rs" {
            continue; // Where the macros are.
        }
        let file: &'static str = Box::leak(format!("core/src/{file}").into_boxed_str());
        let text = fs::read_to_string(&path).expect("core's source can be read");
        for (line, text) in (1..).zip(text.lines()) {
            let mut place = |label: &str, lost| {
                let label = Box::leak(label.trim().trim_matches('"').into());
                places.push(Place { file, line, label, lost });
            };
            for call in between(text, "fence_seq_cst!(", ')') {
                place(call, Ordering::SeqCst);
            }
            for call in between(text, " order!(", ')').chain(between(text, "(order!(", ')')) {
                let (label, order) = call.split_once(',').expect("a label and an ordering");
                match order.trim() {
                    "Acquire" => place(label, Ordering::Acquire),
                    "Release" => place(label, Ordering::Release),
                    "AcqRel" => {
                        place(label, Ordering::Acquire);
                        place(label, Ordering::Release);
                    }
                    other => panic!("{file}:{line} has an ordering {other} that no model loses"),
                }
            }
        }
    }
    places
}

/// Every ordering that is written stands in the list, whatever the code around it looks
/// like: a new one cannot slip past it.
#[test]
fn every_ordering_is_found() {
    let mut written = 0;
    for path in files(&source()) {
        if path.ends_with("src/sync.rs") {
            continue;
        }
        let text = fs::read_to_string(&path).expect("core's source can be read");
        for line in text.lines().map(str::trim).filter(|line| !line.starts_with("//")) {
            for bare in ["Ordering::Acquire", "Ordering::Release", "AcqRel)", "SeqCst)"] {
                let is_bare = line.contains(bare) && !line.contains("order!(");
                assert!(!is_bare, "{}: an ordering without a label: {line}", path.display());
            }
            written += line.matches("order!(").count() + line.matches("fence_seq_cst!(").count();
        }
    }
    let mut found: Vec<_> = places().iter().map(|place| (place.file, place.line)).collect();
    found.dedup();
    assert_eq!(found.len(), written, "one ordering a line, on one line");
}

#[test]
fn no_ordering_can_be_lost_unseen() {
    let mut unseen = Vec::new();
    for Place { file, line, label, lost } in places() {
        let seen = MODELS
            .iter()
            .copied()
            .flatten()
            .filter(|model| model.needs.contains(&(label, lost)))
            .find_map(|model| {
                let failure = model.failure(|| weaken_at(label, lost, file, line))?;
                Some((model.name, failure))
            });
        match seen {
            Some((name, failure)) => {
                println!("{file}:{line} {lost:?} of {label}: {name}: {failure}");
            }
            None => unseen.push(format!("{file}:{line} {lost:?} of {label}")),
        }
    }
    assert!(
        unseen.is_empty(),
        "no model fails without these; write one, or do without them:\n{}",
        unseen.join("\n")
    );
}
