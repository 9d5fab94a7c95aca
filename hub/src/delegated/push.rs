//! Pushing to clients: to a path, to a pattern with parameters, to one client.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;

use super::book::{Book, Guests};
use super::client::Client;
use super::path::{Key, key, key_of};
use crate::routing::Pattern;
use crate::sse::{Farewell, Full, Message, Reason};

/// Parameters by name, as text that is not percent-encoded.
pub(crate) type Params<'p> = [(&'p str, &'p [u8])];

/// Something to be pushed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Push<'p> {
    /// The registration name whose clients are meant. A worker gives its own; without one,
    /// whoever has the path.
    pub(crate) name: Option<&'p str>,
    pub(crate) to: To<'p>,
    /// What they get.
    pub(crate) event: Option<Message<'p>>,
    /// Their streams end, behind the event.
    pub(crate) close: bool,
}

/// Whose clients.
#[derive(Debug, Clone, Copy)]
pub(crate) enum To<'p> {
    /// All of a path. It is compared percent-decoded, segment by segment.
    Path(&'p str),
    /// All of the paths of a pattern whose parameters have these values; a parameter that is
    /// not named may have any.
    Pattern(&'p str, &'p Params<'p>),
    /// One.
    Connection(u64),
}

/// What was pushed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Pushed {
    /// Clients that get it.
    pub(crate) clients: usize,
    /// Clients that do not, because too much waits for their paths. Never all of them.
    pub(crate) full: usize,
}

/// Why nothing was pushed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum NotPushed {
    /// What was asked for cannot be; a sentence that says why.
    Bad(String),
    /// An event is longer than what may wait; holds its length and the limit.
    TooLarge(usize, usize),
    /// There are no such clients.
    Unknown,
    /// They are leaving, or have left.
    Closing,
    /// Too much waits for them.
    Full,
}

/// Pushes. It never waits.
pub(crate) fn push(book: &Book, push: &Push<'_>, bytes_max: usize) -> Result<Pushed, NotPushed> {
    let event = encode(push, bytes_max)?;
    let id = push.event.and_then(|event| event.id);
    let event = event.as_ref().map(|event| (event, id));
    match push.to {
        To::Connection(id) => to_one(book, push, id, event),
        To::Path(path) => {
            if !path.starts_with('/') {
                return Err(bad(format!("the path {path:?} does not begin with '/'")));
            }
            to_all(book, push, Some(&key(path)), event, |_| true)
        }
        To::Pattern(text, params) => {
            let pattern = Pattern::parse(text)
                .map_err(|error| bad(format!("the pattern {text:?} {error}")))?;
            let known = |name: &str| pattern.names().iter().any(|known| **known == *name);
            if let Some((name, _)) = params.iter().find(|(name, _)| !known(name)) {
                return Err(bad(format!("the pattern {text:?} has no parameter {name:?}")));
            }
            let value =
                |name: &str| params.iter().find(|(n, _)| *n == name).map(|(_, value)| *value);
            let key = key_of(&pattern, value);
            to_all(book, push, key.as_ref(), event, |guests| {
                let path = &guests.path;
                path.pattern.shape() == pattern.shape()
                    && pattern
                        .names()
                        .iter()
                        .zip(&path.values)
                        .all(|(name, own)| value(name).is_none_or(|wanted| wanted == &**own))
            })
        }
    }
}

/// The event as bytes, and its id.
type Encoded<'e> = (&'e Bytes, Option<&'e str>);

fn encode(push: &Push<'_>, bytes_max: usize) -> Result<Option<Bytes>, NotPushed> {
    let Some(event) = push.event else {
        let nothing = "there is neither an event nor an end to push".to_owned();
        return if push.close { Ok(None) } else { Err(bad(nothing)) };
    };
    for (what, text) in [("type", event.event), ("id", event.id.unwrap_or_default())] {
        if text.contains(['\r', '\n', '\0']) {
            return Err(bad(format!("the event's {what} {text:?} is not one line of text")));
        }
    }
    if event.data.len() > bytes_max {
        return Err(NotPushed::TooLarge(event.data.len(), bytes_max));
    }
    Ok(Some(event.to_vec().into()))
}

fn to_one(
    book: &Book,
    push: &Push<'_>,
    id: u64,
    event: Option<Encoded<'_>>,
) -> Result<Pushed, NotPushed> {
    let ours = |client: &Arc<Client>| push.name.is_none_or(|name| *client.path.name == *name);
    let Some(client) = book.client(id) else {
        return Err(if book.was_given(id) { NotPushed::Closing } else { NotPushed::Unknown });
    };
    if !ours(&client) {
        return Err(NotPushed::Unknown);
    }
    let counts = &client.path.counts;
    if let Some((bytes, id)) = event {
        if let Err(full) = client.send(bytes.clone(), id) {
            counts.push_refused.add_one();
            return Err(full.into());
        }
    } else if client.is_closing() {
        counts.push_refused.add_one();
        return Err(NotPushed::Closing);
    }
    if push.close {
        client.end(Farewell::new(Reason::Closed));
    }
    counts.pushed.add_one();
    Ok(Pushed { clients: 1, full: 0 })
}

/// Pushes to the paths that are `meant`: of those at `key`, or of all.
fn to_all(
    book: &Book,
    push: &Push<'_>,
    key: Option<&Key>,
    event: Option<Encoded<'_>>,
    meant: impl Fn(&Guests) -> bool,
) -> Result<Pushed, NotPushed> {
    let mut pushed = Pushed::default();
    let mut problem = NotPushed::Unknown;
    let mut owner: Option<Arc<str>> = None;
    let mut several = false;
    let mut paths = Vec::new();
    book.paths(push.name, key, |guests| {
        if !meant(guests) {
            return;
        }
        let name = &guests.path.name;
        several |= owner.get_or_insert_with(|| name.clone()) != name;
        if guests.closing {
            problem = NotPushed::Closing;
        } else {
            paths.push((guests.path.clone(), guests.clients));
        }
    });
    if several {
        return Err(bad("several workers have clients there; name one".to_owned()));
    }
    for (path, clients) in paths {
        let appended = match event {
            Some((bytes, id)) => path.append(bytes, id),
            None => Ok(()),
        };
        match appended {
            Ok(()) => {
                pushed.clients += clients;
                path.counts.pushed.add_one();
                if push.close {
                    book.close(&path, Farewell::new(Reason::Closed));
                }
            }
            Err(full) => {
                path.counts.push_refused.add_one();
                if full == Full::Full {
                    pushed.full += clients;
                }
                problem = full.into();
            }
        }
    }
    if pushed.clients > 0 { Ok(pushed) } else { Err(problem) }
}

fn bad(words: String) -> NotPushed {
    NotPushed::Bad(words)
}

impl From<Full> for NotPushed {
    fn from(full: Full) -> NotPushed {
        match full {
            Full::Full => NotPushed::Full,
            Full::Closed => NotPushed::Closing,
        }
    }
}

impl fmt::Display for NotPushed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NotPushed::Bad(words) => f.write_str(words),
            NotPushed::TooLarge(bytes, most) => {
                write!(f, "the event has {bytes} bytes of data and may have {most}")
            }
            NotPushed::Unknown => f.write_str("no client is there"),
            NotPushed::Closing => f.write_str("whoever was there leaves, or has left"),
            NotPushed::Full => f.write_str("too much waits for whoever is there; push less"),
        }
    }
}
