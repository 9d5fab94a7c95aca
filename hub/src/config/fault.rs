//! What is wrong with a configuration, each thing with the key that it is about.

use std::fmt;

/// One thing that cannot be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The key as the file has it, places of lists included: `limits.waiters`,
    /// `health.require[0]`.
    pub key: String,
    /// What is wrong, and what to write instead.
    pub words: String,
}

/// Everything that is wrong with a configuration, in the order of its keys.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Faults(Vec<Fault>);

impl Faults {
    /// Notes one more.
    pub(crate) fn add(&mut self, key: impl Into<String>, words: impl Into<String>) {
        self.0.push(Fault { key: key.into(), words: words.into() });
    }

    /// Notes a number that has to be at least 1, and is not.
    pub(crate) fn zero(&mut self, key: &str) {
        self.add(key, "0 is too low; write 1 or more");
    }

    /// Notes a time that has to pass, and does not.
    pub(crate) fn no_time(&mut self, key: &str) {
        self.add(key, "0 is no time at all; write a longer one, as in \"10s\"");
    }

    /// Them.
    pub fn iter(&self) -> std::slice::Iter<'_, Fault> {
        self.0.iter()
    }

    /// `Ok` when there is none.
    pub(crate) fn into_result(self) -> Result<(), Faults> {
        if self.0.is_empty() { Ok(()) } else { Err(self) }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.key, self.words)
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, fault) in self.0.iter().enumerate() {
            let gap = if index == 0 { "" } else { "\n" };
            write!(f, "{gap}{fault}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Faults {}
