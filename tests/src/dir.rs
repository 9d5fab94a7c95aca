//! A directory of one case: sockets and whatever else its processes leave.

use std::fs::{self, DirBuilder};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

/// What the names of these directories begin with.
const PREFIX: &str = "slotway-test-";

/// A fresh directory, mode 0700, that goes with this value. Its path is short enough for
/// a Unix socket inside.
#[derive(Debug)]
pub struct PrivateDir {
    path: PathBuf,
}

impl PrivateDir {
    /// A fresh one.
    pub fn new() -> PrivateDir {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        // Relaxed: only the numbers have to differ.
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("{PREFIX}{}-{number}", std::process::id()));
        DirBuilder::new().mode(0o700).create(&path).expect("a fresh directory for the case");
        PrivateDir { path }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A path inside.
    pub fn join(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// The names of what is in it, sorted.
    pub fn entries(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.path).expect("the case's directory");
        let name = |entry: std::io::Result<fs::DirEntry>| {
            entry.expect("an entry").file_name().to_string_lossy().into_owned()
        };
        let mut names: Vec<String> = entries.map(name).collect();
        names.sort();
        names
    }
}

impl Default for PrivateDir {
    fn default() -> PrivateDir {
        PrivateDir::new()
    }
}

impl Drop for PrivateDir {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.path);
    }
}
