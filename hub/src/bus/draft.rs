//! An event before it is published.

use std::borrow::Cow;
use std::sync::Arc;

use bytes::Bytes;

/// What somebody wants to publish. Nothing is checked before
/// [`Bus::publish`](super::Bus::publish).
#[derive(Debug, Clone)]
pub struct Draft<'a> {
    pub(super) topic: Cow<'a, str>,
    pub(super) kind: Cow<'a, str>,
    pub(super) id: Option<Cow<'a, str>>,
    pub(super) principal: Option<Name<'a>>,
    pub(super) payload: Bytes,
}

/// A name that is perhaps shared already.
#[derive(Debug, Clone)]
pub(super) enum Name<'a> {
    Borrowed(&'a str),
    Shared(Arc<str>),
}

impl Name<'_> {
    pub(super) fn as_str(&self) -> &str {
        match self {
            Name::Borrowed(name) => name,
            Name::Shared(name) => name,
        }
    }

    pub(super) fn share(&self) -> Arc<str> {
        match self {
            Name::Borrowed(name) => Arc::from(*name),
            Name::Shared(name) => name.clone(),
        }
    }
}

impl<'a> Draft<'a> {
    /// An event of type `message` without payload, principal or id of its own.
    #[must_use]
    pub fn new(topic: impl Into<Cow<'a, str>>) -> Draft<'a> {
        Draft {
            topic: topic.into(),
            kind: Cow::Borrowed("message"),
            id: None,
            principal: None,
            payload: Bytes::new(),
        }
    }

    /// Where it is to be published.
    pub(crate) fn topic(&self) -> &str {
        &self.topic
    }

    /// What type it has.
    pub(crate) fn kind_name(&self) -> &str {
        &self.kind
    }

    /// The event's type.
    #[must_use]
    pub fn kind(mut self, kind: impl Into<Cow<'a, str>>) -> Draft<'a> {
        self.kind = kind.into();
        self
    }

    /// An id of the publisher's own. Without one the event's sequence number is its id.
    #[must_use]
    pub fn id(mut self, id: impl Into<Cow<'a, str>>) -> Draft<'a> {
        self.id = Some(id.into());
        self
    }

    /// Who publishes. An event without principal is the system's own.
    #[must_use]
    pub fn principal(mut self, principal: &'a str) -> Draft<'a> {
        self.principal = Some(Name::Borrowed(principal));
        self
    }

    /// The same for who keeps the name: nothing is copied.
    #[must_use]
    pub fn shared_principal(mut self, principal: Arc<str>) -> Draft<'a> {
        self.principal = Some(Name::Shared(principal));
        self
    }

    /// The payload, which is shared and not copied.
    #[must_use]
    pub fn payload(mut self, payload: impl Into<Bytes>) -> Draft<'a> {
        self.payload = payload.into();
        self
    }

    /// The same draft with all that it borrows copied.
    #[must_use]
    pub fn into_owned(self) -> Draft<'static> {
        Draft {
            topic: Cow::Owned(self.topic.into_owned()),
            kind: Cow::Owned(self.kind.into_owned()),
            id: self.id.map(|id| Cow::Owned(id.into_owned())),
            principal: self.principal.map(|name| Name::Shared(name.share())),
            payload: self.payload,
        }
    }
}
