//! A set of processors.

use std::fmt;
use std::str::FromStr;

/// The highest number that a processor may have here.
const CPU_MAX: u16 = 1023;

/// Processors by number, as in `0-1,3`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cpus(Vec<u16>);

impl Cpus {
    /// Their numbers, ascending, each once; at least one.
    pub fn numbers(&self) -> &[u16] {
        &self.0
    }
}

impl FromStr for Cpus {
    type Err = ();

    fn from_str(text: &str) -> Result<Cpus, ()> {
        let number = |text: &str| match text.trim().parse::<u16>() {
            Ok(number) if number <= CPU_MAX && !text.contains('+') => Ok(number),
            _ => Err(()),
        };
        let mut numbers = Vec::new();
        for part in text.split(',') {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            let (first, last) = (number(first)?, number(last)?);
            if first > last {
                return Err(());
            }
            numbers.extend(first..=last);
        }
        numbers.sort_unstable();
        numbers.dedup();
        Ok(Cpus(numbers))
    }
}

impl fmt::Display for Cpus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let runs = self.0.chunk_by(|a, b| a + 1 == *b);
        for (index, run) in runs.enumerate() {
            let comma = if index == 0 { "" } else { "," };
            match run {
                [first, .., last] => write!(f, "{comma}{first}-{last}")?,
                [only] => write!(f, "{comma}{only}")?,
                [] => {}
            }
        }
        Ok(())
    }
}
