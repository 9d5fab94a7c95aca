//! What a request for events says.

use std::borrow::Cow;
use std::collections::BTreeSet;

use http::HeaderMap;
use http::HeaderName;
use percent_encoding::percent_decode;

use super::resume::From;
use crate::bus::Pattern;
use crate::config::Envelope;

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// It.
#[derive(Debug, Default)]
pub(super) struct Query {
    /// What it wants, each once and in order.
    pub(super) patterns: BTreeSet<Pattern>,
    pub(super) envelope: Option<Envelope>,
    pub(super) from: From,
    /// A token, whether it may be here or not.
    pub(super) token: Option<Vec<u8>>,
}

impl Query {
    /// Reads the query and the header that goes with it. `patterns_max`: as many as a client
    /// may have.
    ///
    /// # Errors
    ///
    /// A sentence for who wrote it.
    pub(super) fn read(
        query: &str,
        headers: &HeaderMap,
        patterns_max: usize,
    ) -> Result<Query, String> {
        let mut read = Query::default();
        let mut last_id = None;
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            match name {
                "topic" => read.topic(&decoded(value), patterns_max)?,
                "envelope" => {
                    read.envelope = Some(match value {
                        "none" => Envelope::None,
                        "json" => Envelope::Json,
                        _ => return Err("An envelope is none or json.".to_owned()),
                    });
                }
                "last-event-id" => last_id = Some(decoded(value).into_owned()),
                "access_token" if read.token.is_some() => {
                    return Err("There is more than one access_token; send one.".to_owned());
                }
                "access_token" => read.token = Some(decoded(value).into_owned().into_bytes()),
                _ => {}
            }
        }
        // A browser that comes back sends the header, and the same query as the first time.
        let header = headers.get(LAST_EVENT_ID).map(http::HeaderValue::as_bytes);
        let id = header.or(last_id.as_deref().map(str::as_bytes));
        read.from = id.map_or(From::Now, From::id);
        Ok(read)
    }

    fn topic(&mut self, text: &str, patterns_max: usize) -> Result<(), String> {
        let pattern = Pattern::new(text)
            .map_err(|problem| format!("The topic {:?} is no pattern: {problem}.", short(text)))?;
        self.patterns.insert(pattern);
        if self.patterns.len() > patterns_max {
            return Err(format!("A client may have {patterns_max} topics; ask for fewer."));
        }
        Ok(())
    }
}

fn short(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(64) {
        Some((at, _)) => format!("{}…", &text[..at]).into(),
        None => text.into(),
    }
}

/// A value as a form writes it. A topic has no spaces, so that a plus is one.
fn decoded(value: &str) -> Cow<'_, str> {
    let value =
        if value.contains('+') { value.replace('+', " ").into() } else { Cow::Borrowed(value) };
    match value {
        Cow::Borrowed(value) => percent_decode(value.as_bytes()).decode_utf8_lossy(),
        Cow::Owned(value) => {
            percent_decode(value.as_bytes()).decode_utf8_lossy().into_owned().into()
        }
    }
}

#[cfg(test)]
mod tests;
