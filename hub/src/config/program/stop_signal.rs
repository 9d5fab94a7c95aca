//! The signal that tells a process to end.

use std::fmt;
use std::str::FromStr;

use rustix::process::Signal;

/// Those that may be chosen, by name.
const SIGNALS: [(&str, Signal); 8] = [
    ("TERM", Signal::TERM),
    ("INT", Signal::INT),
    ("QUIT", Signal::QUIT),
    ("HUP", Signal::HUP),
    ("USR1", Signal::USR1),
    ("USR2", Signal::USR2),
    ("WINCH", Signal::WINCH),
    ("KILL", Signal::KILL),
];

/// A signal, as in `TERM`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StopSignal(Signal);

impl StopSignal {
    /// It.
    pub(crate) fn signal(self) -> Signal {
        self.0
    }
}

impl Default for StopSignal {
    fn default() -> StopSignal {
        StopSignal(Signal::TERM)
    }
}

impl FromStr for StopSignal {
    type Err = ();

    fn from_str(text: &str) -> Result<StopSignal, ()> {
        let name = text.strip_prefix("SIG").unwrap_or(text);
        let found = SIGNALS.iter().find(|(known, _)| *known == name);
        found.map(|(_, signal)| StopSignal(*signal)).ok_or(())
    }
}

impl fmt::Display for StopSignal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let found = SIGNALS.iter().find(|(_, signal)| *signal == self.0);
        f.write_str(found.map_or("TERM", |(name, _)| name))
    }
}
