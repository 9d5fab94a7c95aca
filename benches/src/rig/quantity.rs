//! What is read off a load.

use super::Tally;
use crate::measure::Sample;

/// One of the quantities that a load gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Quantity {
    Rate,
    Cpu,
    P50,
    P99,
}

impl Quantity {
    pub(crate) fn unit(self) -> &'static str {
        match self {
            Quantity::Rate => "req/s",
            Quantity::Cpu | Quantity::P50 | Quantity::P99 => "us",
        }
    }

    /// For people.
    pub(crate) fn what(self) -> &'static str {
        match self {
            Quantity::Rate => "rate",
            Quantity::Cpu => "CPU/request",
            Quantity::P50 => "p50",
            Quantity::P99 => "p99",
        }
    }

    /// In the names of figures.
    pub(crate) fn infix(self) -> &'static str {
        match self {
            Quantity::Rate => ".rate",
            Quantity::Cpu => ".cpu",
            Quantity::P50 => ".p50",
            Quantity::P99 => ".p99",
        }
    }

    /// It with the processor time that stands beside it.
    pub(crate) fn sample(self, tally: &Tally) -> Sample {
        match self {
            Quantity::Rate => Sample::new(tally.per_second, tally.cpu_us),
            Quantity::Cpu => Sample::of(tally.cpu_us),
            Quantity::P50 => Sample::new(tally.p50_us, tally.cpu_us),
            Quantity::P99 => Sample::new(tally.p99_us, tally.cpu_us),
        }
    }

    /// It in each of the rounds.
    pub(crate) fn samples(self, tallies: &[Tally]) -> Vec<Sample> {
        tallies.iter().map(|tally| self.sample(tally)).collect()
    }
}
