//! What can go wrong goes wrong, again and again, while others are served: campaigns that
//! run for a number of blows in `make test` and for minutes in `make soak`.
//!
//! Every campaign draws its choices from one seed, which it prints; `SLOTWAY_SEED` sets it.
//! It panics at the first promise that is broken, and counts everything else.

mod crowd;
mod deaths;
mod footprint;
mod hostile;
mod load;
mod plan;
mod tally;

pub use crowd::{few_descriptors, little_memory, slow_connections};
pub use deaths::{hub_deaths, worker_deaths};
pub use hostile::hostile_workers;
pub use plan::{Plan, seed};
pub use tally::Tally;
