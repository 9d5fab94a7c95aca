//! What approvals leave with those that got one.
//!
//! A credential is the number of its approval and a secret of 128 bits. It is in memory only,
//! here as at the worker: a hub that was restarted asks anew.

use std::collections::BTreeMap;
use std::fmt;

use ring::rand::{SecureRandom, SystemRandom};
use subtle::ConstantTimeEq;

use super::Identity;
use crate::bus::Pattern;

/// Credentials that count at most; the oldest goes first, and its worker asks anew.
const CREDENTIALS_MAX: usize = 16_384;
/// Bytes of a secret, before they are written in hexadecimal digits.
const SECRET_BYTES: usize = 16;

/// Those that count, by their numbers.
#[derive(Default)]
pub(super) struct Credentials {
    granted: BTreeMap<u64, Grant>,
    next: u64,
}

struct Grant {
    identity: Identity,
    secret: String,
}

impl Credentials {
    /// Makes one for an identity.
    pub(super) fn grant(&mut self, identity: &Identity) -> String {
        let number = self.next;
        self.next += 1;
        let mut bytes = [0; SECRET_BYTES];
        if SystemRandom::new().fill(&mut bytes).is_err() {
            // Without chance there is no secret: an empty one counts for nobody, so its worker
            // is asked about again, and nothing is let in.
            return format!("{number}-");
        }
        let secret: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let credential = format!("{number}-{secret}");
        self.granted.insert(number, Grant { identity: identity.clone(), secret });
        if self.granted.len() > CREDENTIALS_MAX {
            self.granted.pop_first();
        }
        credential
    }

    /// Whether it is one that counts, and for this identity.
    pub(super) fn is_for(&self, credential: &str, identity: &Identity) -> bool {
        let Some((number, secret)) = credential.split_once('-') else { return false };
        let grant = number.parse().ok().and_then(|number: u64| self.granted.get(&number));
        grant.is_some_and(|grant| {
            grant.identity.is_same(identity)
                && bool::from(grant.secret.as_bytes().ct_eq(secret.as_bytes()))
        })
    }

    /// Takes those back whose identities a pattern matches, and says how many.
    pub(super) fn revoke(&mut self, pattern: &Pattern) -> usize {
        let before = self.granted.len();
        self.granted.retain(|_, grant| !grant.identity.is_matched_by(pattern));
        before - self.granted.len()
    }

    pub(super) fn count(&self) -> usize {
        self.granted.len()
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").field("count", &self.granted.len()).finish_non_exhaustive()
    }
}
