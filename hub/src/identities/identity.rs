//! What a registration is called: its name and which of that name it is.

use std::fmt;

use slotway_core::control::{NameError, Register, check_segment};

use crate::bus::Pattern;

/// A name and an instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Identity {
    name: Box<str>,
    instance: Option<Box<str>>,
    /// Both, as patterns see it.
    text: Box<str>,
}

impl Identity {
    /// A registration's, or the rule of names that its instance breaks. One that names no
    /// instance is called by the number of its connection.
    pub(crate) fn of(register: &Register, worker: u64) -> Result<Identity, NameError> {
        let text = match &register.instance {
            Some(instance) => {
                check_segment(instance)?;
                format!("{}.{instance}", register.name)
            }
            None => format!("{}.{worker}", register.name),
        };
        Ok(Identity {
            name: (&*register.name).into(),
            instance: register.instance.as_deref().map(Box::from),
            text: text.into(),
        })
    }

    /// `name.instance`.
    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether a pattern is about it: it matches the identity, or the name and with it all of
    /// its instances.
    pub(crate) fn is_matched_by(&self, pattern: &Pattern) -> bool {
        pattern.matches_segments(&self.text) || pattern.matches_segments(&self.name)
    }

    /// Whether the other is called the same: a worker that comes back has another connection.
    pub(crate) fn is_same(&self, other: &Identity) -> bool {
        self.name == other.name && self.instance == other.instance
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", &self.text)
    }
}
