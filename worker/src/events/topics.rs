//! What a subscription asks for.

use slotway_core::control::{
    Mode, Overflow, Scope, Subscribe, check_event_text, check_topic_pattern,
};

use crate::error::{Error, Result};

/// Events that wait in this process for one subscription at most, unless it says otherwise.
const QUEUE_DEFAULT: usize = 1024;

/// What a subscription asks for: patterns of topics, and how events are kept until they are
/// taken.
///
/// A pattern is a topic whose segments may be `*`: inside it stands for one segment, at the
/// end for one or more. `#` alone stands for all.
///
/// ```
/// use slotway::Topics;
/// let topics = Topics::new(["chat.*", "alerts"]).capacity(256);
/// let fair = Topics::new(["#"]).routed();
/// # let _ = (topics, fair);
/// ```
#[derive(Debug, Clone)]
pub struct Topics {
    pub(super) subscribe: Subscribe,
    pub(super) queue: usize,
}

impl Topics {
    /// The events of every topic that one of the patterns matches, once each.
    pub fn new(patterns: impl IntoIterator<Item = impl Into<String>>) -> Topics {
        Topics {
            subscribe: Subscribe {
                id: 0,
                topics: patterns.into_iter().map(Into::into).collect(),
                mode: Mode::Lossy,
                scope: None,
                capacity: None,
                overflow: Overflow::Oldest,
                after: None,
            },
            queue: QUEUE_DEFAULT,
        }
    }

    /// A queue for each principal, and these served in turn: a flood by one never starves
    /// another.
    #[must_use]
    pub fn routed(mut self) -> Topics {
        self.subscribe.mode = Mode::Routed;
        self
    }

    /// Only events of this principal. Goes with [`routed`](Self::routed).
    #[must_use]
    pub fn of_principal(mut self, principal: impl Into<String>) -> Topics {
        self.subscribe.scope = Some(Scope::Principal(principal.into()));
        self
    }

    /// Only events without a principal. Goes with [`routed`](Self::routed).
    #[must_use]
    pub fn of_system(mut self) -> Topics {
        self.subscribe.scope = Some(Scope::System);
        self
    }

    /// Events that the hub keeps at most while this worker does not take them; of each
    /// principal where it is [`routed`](Self::routed). The hub's default without it.
    #[must_use]
    pub fn capacity(mut self, events: u32) -> Topics {
        self.subscribe.capacity = Some(events);
        self
    }

    /// When more come than are kept, those that come are lost and not the oldest. Not with
    /// [`routed`](Self::routed).
    #[must_use]
    pub fn drop_newest(mut self) -> Topics {
        self.subscribe.overflow = Overflow::Newest;
        self
    }

    /// Begins with what the hub still holds of what came after this sequence number.
    #[must_use]
    pub fn after(mut self, seq: u64) -> Topics {
        self.subscribe.after = Some(seq);
        self
    }

    /// Events that wait in this process at most, taken out of the shared memory so that one
    /// subscription nobody receives from does not hold up the others. What is more is lost
    /// by the same policy as in the hub, with a gap at its place. Default 1024.
    #[must_use]
    pub fn queue(mut self, events: usize) -> Topics {
        self.queue = events;
        self
    }

    /// Checks it by the hub's own rules, as subscribing does.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] says what is wrong.
    pub fn check(&self) -> Result<()> {
        let invalid = |what: String| Err(Error::InvalidArgument(what));
        let Subscribe { topics, mode, scope, capacity, overflow, .. } = &self.subscribe;
        if topics.is_empty() {
            return invalid("a subscription has at least one pattern".to_owned());
        }
        for pattern in topics {
            if let Err(problem) = check_topic_pattern(pattern) {
                return invalid(format!("{pattern:?} is no pattern of topics: {problem}"));
            }
        }
        if *mode == Mode::Lossy && scope.is_some() {
            return invalid("a scope goes with a routed subscription; make it routed".to_owned());
        }
        if *mode == Mode::Routed && *overflow == Overflow::Newest {
            return invalid("a routed subscription loses the oldest; leave the policy".to_owned());
        }
        if let Some(Scope::Principal(name)) = scope {
            let problem = check_event_text(name).err().map(|problem| problem.to_string());
            let empty = name.is_empty().then(|| "is empty".to_owned());
            if let Some(problem) = problem.or(empty) {
                return invalid(format!("the subscription's principal {problem}"));
            }
        }
        if *capacity == Some(0) || self.queue == 0 {
            return invalid("a subscription keeps at least one event".to_owned());
        }
        Ok(())
    }
}
