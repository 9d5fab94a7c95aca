//! Which registrations come in, by their identities.

use super::Faults;
use super::events::check_patterns;

/// Who may register as what: patterns over identities, `tenant.type.instance`, whose
/// segments dots separate. `*` stands for one segment inside and for one or more at the
/// end. A pattern that matches a registration's name counts for all of its instances.
///
/// The first of refuse, approve and accept that has a pattern for it decides; what none has
/// is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identities {
    /// Those that come in at once.
    pub accept: Vec<String>,
    /// Those that wait until somebody approves them.
    pub approve: Vec<String>,
    /// Those that do not come in.
    pub refuse: Vec<String>,
}

impl Default for Identities {
    fn default() -> Identities {
        Identities { accept: vec!["*".to_owned()], approve: Vec::new(), refuse: Vec::new() }
    }
}

impl Identities {
    pub(super) fn check(&self, faults: &mut Faults) {
        check_patterns("identities.accept", &self.accept, faults);
        check_patterns("identities.approve", &self.approve, faults);
        check_patterns("identities.refuse", &self.refuse, faults);
    }
}
