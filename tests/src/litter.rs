//! What processes leave behind in places that everybody shares.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// What marks what this project's own tests and benches, and their peers, have there while
/// they run at the same time.
const OTHERS: [&str; 8] =
    ["-test-", "-bench-", "-browser-", "-clients-", "-node-", "-tour", "-demo", "iox2_"];

/// What lay in `/dev/shm` and `/tmp` at one moment, as far as it could be ours.
#[derive(Debug)]
pub struct Litter {
    before: BTreeSet<String>,
}

impl Litter {
    /// What lies there now.
    pub fn now() -> Litter {
        Litter { before: look() }
    }

    /// What has come since, the directories of tests aside.
    pub fn since(&self) -> Vec<String> {
        look().difference(&self.before).cloned().collect()
    }
}

fn look() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for place in ["/dev/shm", "/tmp"] {
        let Ok(entries) = fs::read_dir(Path::new(place)) else { continue };
        for entry in entries.flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            // Others use /tmp at the same time, but nothing of theirs bears our name. In
            // /dev/shm everything counts.
            let ours = place == "/dev/shm" || name.to_lowercase().contains("slotway");
            if ours && !OTHERS.iter().any(|other| name.contains(other)) {
                found.insert(format!("{place}/{name}"));
            }
        }
    }
    found
}
