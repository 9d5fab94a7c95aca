//! The one table of everything that can be set.
//!
//! The file, the environment, the flags, `--print-config`, `slotway init`, the manual page
//! and `docs/configuration.md` are all made from it, so none of them can say something
//! else than the others. A setting has a key ([`Key`]) in a table ([`Table`]); listeners,
//! routes, channels and workers are lists of tables with keys of their own.

mod events;
mod key;
mod listeners;
mod programs;
mod queues;
mod routes;
mod tables;

pub(crate) use self::events::CHANNEL;
pub(crate) use self::key::{Flag, Heading, Key, Table, path};
pub(crate) use self::listeners::LISTEN;
pub(crate) use self::programs::WORKER;
pub(crate) use self::routes::ROUTE;
pub(crate) use self::tables::TABLES;
use super::Config;

/// Every key of the configuration's tables, with its table.
pub(crate) fn keys() -> impl Iterator<Item = (&'static Table<Config>, &'static Key<Config>)> {
    TABLES.iter().flat_map(|table| table.keys.iter().map(move |key| (table, key)))
}

#[cfg(test)]
mod tests;
