//! A principal as the key of its lane, hashed once when its event is published.

use std::borrow::Borrow;
use std::hash::{BuildHasher, Hash, Hasher};
use std::sync::Arc;

use super::Event;

/// A principal with its hash, which was made when the event was published.
#[derive(Debug, Clone)]
pub(super) struct Principal {
    pub(super) name: Option<Arc<str>>,
    pub(super) hash: u64,
}

/// What finds a lane: a lane's own principal, or an event of it, which is not copied then.
pub(super) trait OfPrincipal {
    fn name(&self) -> Option<&str>;
    fn hash(&self) -> u64;
}

impl OfPrincipal for Principal {
    fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    fn hash(&self) -> u64 {
        self.hash
    }
}

impl OfPrincipal for Event {
    fn name(&self) -> Option<&str> {
        self.principal()
    }

    fn hash(&self) -> u64 {
        self.principal_hash()
    }
}

impl<'a> Borrow<dyn OfPrincipal + 'a> for Principal {
    fn borrow(&self) -> &(dyn OfPrincipal + 'a) {
        self
    }
}

impl PartialEq for dyn OfPrincipal + '_ {
    fn eq(&self, other: &Self) -> bool {
        self.hash() == other.hash() && self.name() == other.name()
    }
}

impl Eq for dyn OfPrincipal + '_ {}

impl Hash for dyn OfPrincipal + '_ {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(OfPrincipal::hash(self));
    }
}

impl PartialEq for Principal {
    fn eq(&self, other: &Principal) -> bool {
        self.hash == other.hash && self.name == other.name
    }
}

impl Eq for Principal {}

impl Hash for Principal {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.hash);
    }
}

/// Takes the hash as it is.
#[derive(Debug, Default, Clone)]
pub(super) struct Hashed(u64);

impl BuildHasher for Hashed {
    type Hasher = Hashed;

    fn build_hasher(&self) -> Hashed {
        Hashed(0)
    }
}

impl Hasher for Hashed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, _: &[u8]) {
        unreachable!("a principal is hashed by its number")
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}
