//! Programs that `slotway serve` keeps running: one `[[worker]]` each.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

use slotway_core::control::check_name;

use super::Faults;

mod cpus;
mod stop_signal;

pub use self::cpus::Cpus;
pub use self::stop_signal::StopSignal;

/// Instances of one program at most.
pub const INSTANCES_MAX: u32 = 1024;

/// Bytes of a program's name: with a dot and a number behind it, it still is a name.
const NAME_BYTES_MAX: usize = 100;

/// One program, and how it is kept running.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    /// What it is called. Its instances are `name.1`, `name.2` and so on.
    pub name: String,
    /// The program and its arguments.
    pub command: Vec<String>,
    /// How many of it run.
    pub instances: u32,
    /// How many run at least when that follows the load; as `instances` without.
    pub min: Option<u32>,
    /// How many run at most when that follows the load; as `instances` without.
    pub max: Option<u32>,
    /// Variables besides those of the hub.
    pub environment: BTreeMap<String, String>,
    /// The directory that it starts in; the hub's without.
    pub directory: Option<PathBuf>,
    /// The user that it runs as, by name or number; the hub's without.
    pub user: Option<String>,
    /// The processors that it may run on; those of the hub without.
    pub cpus: Option<Cpus>,
    /// Answers after which an instance is replaced.
    pub max_requests: Option<u64>,
    /// So many more by chance, that not all are replaced at once.
    pub max_requests_jitter: u64,
    /// Resident bytes above which an instance is replaced.
    pub memory: Option<u64>,
    /// What tells a process to end.
    pub stop_signal: StopSignal,
    /// How long it has for that until it is killed.
    pub grace: Duration,
    /// How long it has until it serves; `None` counts it as ready when it runs.
    pub ready_timeout: Option<Duration>,
    /// How long after the first exit it is started again; twice as long after each further one.
    pub restart_delay: Duration,
    /// The longest of these waits.
    pub restart_delay_max: Duration,
    /// Exits within the window that make a crash loop.
    pub crash_limit: u32,
    /// The window.
    pub crash_window: Duration,
    /// How long a crash loop rests before the next attempt.
    pub crash_rest: Duration,
    /// A request that has waited for so long calls for one instance more.
    pub scale_up_wait: Duration,
    /// So long without a wait and with room to spare there is one too many.
    pub scale_down_after: Duration,
}

impl Default for Program {
    fn default() -> Program {
        Program {
            name: String::new(),
            command: Vec::new(),
            instances: 1,
            min: None,
            max: None,
            environment: BTreeMap::new(),
            directory: None,
            user: None,
            cpus: None,
            max_requests: None,
            max_requests_jitter: 0,
            memory: None,
            stop_signal: StopSignal::default(),
            grace: Duration::from_secs(30),
            ready_timeout: Some(Duration::from_secs(60)),
            restart_delay: Duration::from_millis(200),
            restart_delay_max: Duration::from_secs(30),
            crash_limit: 5,
            crash_window: Duration::from_secs(60),
            crash_rest: Duration::from_secs(60),
            scale_up_wait: Duration::from_millis(100),
            scale_down_after: Duration::from_secs(60),
        }
    }
}

impl Program {
    /// How many run at least and at most. Between the two the load decides.
    pub fn bounds(&self) -> (u32, u32) {
        (self.min.unwrap_or(self.instances), self.max.unwrap_or(self.instances))
    }

    /// Whether the load decides how many run.
    pub fn scales(&self) -> bool {
        let (min, max) = self.bounds();
        min < max
    }

    fn check(&self, key: &str, faults: &mut Faults) {
        let mut add = |name: &str, words: String| faults.add(format!("{key}.{name}"), words);
        match check_name(&self.name) {
            Err(error) => add("name", format!("{:?}: {error}", self.name)),
            Ok(()) if self.name.len() > NAME_BYTES_MAX => {
                let length = self.name.len();
                add("name", format!("it has {length} bytes; write {NAME_BYTES_MAX} or fewer"));
            }
            // Else nobody could tell the instance a.1 from the worker a.1.
            Ok(()) if is_numbered(&self.name) => add(
                "name",
                format!(
                    "{:?} looks like an instance, whose number comes after the last dot; write \
                     {:?}",
                    self.name,
                    self.name.replace('.', "-")
                ),
            ),
            Ok(()) => {}
        }
        match self.command.first() {
            None => add("command", "there is nothing to run; write [\"./worker\"]".to_owned()),
            Some(program) if program.is_empty() => {
                add("command", "the program has no name; write [\"./worker\"]".to_owned());
            }
            Some(_) if self.command.iter().any(|word| word.contains('\0')) => {
                add("command", "a byte of zero is in it, which no argument holds".to_owned());
            }
            Some(_) => {}
        }
        for (name, value) in &self.environment {
            if name.is_empty() || name.contains(['=', '\0']) || value.contains('\0') {
                let words = format!("{name:?} cannot be a variable with this value");
                add("environment", words);
            }
        }
        let (min, max) = self.bounds();
        for (name, value) in [("instances", self.instances), ("min", min), ("max", max)] {
            if value == 0 {
                add(name, "0 is too low; write 1 or more".to_owned());
            } else if value > INSTANCES_MAX {
                add(name, format!("{value} is too high; write {INSTANCES_MAX} or less"));
            }
        }
        if min > self.instances {
            add("min", format!("{min} is more than instances, which is {}", self.instances));
        }
        if max < self.instances {
            add("max", format!("{max} is less than instances, which is {}", self.instances));
        }
        for (name, value) in [
            ("max-requests", self.max_requests == Some(0)),
            ("memory", self.memory == Some(0)),
            ("crash-limit", self.crash_limit == 0),
        ] {
            if value {
                add(name, "0 is too low; write 1 or more".to_owned());
            }
        }
        if self.max_requests.is_none() && self.max_requests_jitter > 0 {
            let words = "there is no max-requests that it could be added to; write one beside it";
            add("max-requests-jitter", words.to_owned());
        }
        for (name, time) in [
            ("ready-timeout", self.ready_timeout),
            ("restart-delay", Some(self.restart_delay)),
            ("crash-window", Some(self.crash_window)),
            ("crash-rest", Some(self.crash_rest)),
            ("scale-up-wait", Some(self.scale_up_wait)),
            ("scale-down-after", Some(self.scale_down_after)),
        ] {
            if time.is_some_and(|time| time.is_zero()) {
                faults.no_time(&format!("{key}.{name}"));
            }
        }
    }
}

/// Whether a name ends in a dot and a number.
fn is_numbered(name: &str) -> bool {
    let number = name.rsplit_once('.').map(|(_, number)| number);
    number.is_some_and(|number| number.bytes().all(|b| b.is_ascii_digit()))
}

/// Notes what of the programs cannot be.
pub(super) fn check(programs: &[Program], faults: &mut Faults) {
    let mut names = BTreeSet::new();
    for (index, program) in programs.iter().enumerate() {
        let key = format!("worker[{index}]");
        program.check(&key, faults);
        if !names.insert(&program.name) {
            faults.add(
                format!("{key}.name"),
                format!(
                    "{:?} is there twice; give each a name of its own, or write instances = 2",
                    program.name
                ),
            );
        }
    }
}

#[cfg(test)]
mod tests;
