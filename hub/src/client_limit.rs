//! How many requests of one client address may be in flight.
//!
//! Counted by address, and for IP version 6 by the first 64 bits, which is what one client
//! mostly has. There is an entry for an address only while it has requests in flight, so
//! the map is no larger than the number of those. It is cut into parts, each with a lock of
//! its own that is held for one look.

use std::collections::HashMap;
use std::collections::hash_map::{Entry, RandomState};
use std::hash::BuildHasher;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

const SHARDS: usize = 32;

/// Requests in flight by address.
#[derive(Debug)]
pub(crate) struct ClientLimit {
    shards: [Mutex<HashMap<IpAddr, u32>>; SHARDS],
    hasher: RandomState,
}

/// One request in flight; it counts until this is dropped.
#[derive(Debug)]
pub(crate) struct ClientPass {
    limit: Arc<ClientLimit>,
    key: IpAddr,
}

impl ClientLimit {
    pub(crate) fn new() -> ClientLimit {
        let shards = std::array::from_fn(|_| Mutex::default());
        ClientLimit { shards, hasher: RandomState::new() }
    }

    /// Counts a request of an address, unless it has as many as `max`.
    pub(crate) fn enter(self: &Arc<Self>, ip: IpAddr, max: u32) -> Option<ClientPass> {
        let key = key(ip);
        let mut shard = self.shard(key);
        let count = shard.entry(key).or_insert(0);
        if *count >= max {
            // It is not 0, so the entry is not one that was just made.
            return None;
        }
        *count += 1;
        drop(shard);
        Some(ClientPass { limit: self.clone(), key })
    }

    fn shard(&self, key: IpAddr) -> MutexGuard<'_, HashMap<IpAddr, u32>> {
        // A hash that nobody outside can know, so that nobody can aim at one part.
        let at = self.hasher.hash_one(key) as usize % SHARDS;
        // Nothing that can panic runs under the lock.
        self.shards[at].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for ClientPass {
    fn drop(&mut self) {
        let mut shard = self.limit.shard(self.key);
        if let Entry::Occupied(mut entry) = shard.entry(self.key) {
            *entry.get_mut() -= 1;
            if *entry.get() == 0 {
                entry.remove();
            }
        }
    }
}

/// What counts as one client.
fn key(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V6(ip) => {
            let network = ip.to_bits() >> 64 << 64;
            IpAddr::V6(Ipv6Addr::from_bits(network))
        }
        four => four,
    }
}

#[cfg(test)]
mod tests;
