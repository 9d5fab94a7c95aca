//! Who a client is, and what it may listen to.

use std::sync::Arc;
use std::time::SystemTime;

use http::HeaderMap;
use http::header::AUTHORIZATION;

use super::doors::Door;
use super::jwt::Verifier;
use crate::admin::Token;
use crate::bus::Pattern;

/// How clients prove who they are.
#[derive(Debug, Clone)]
pub(super) enum Auth {
    /// Not at all.
    None,
    Token(Arc<Token>),
    Jwt(Arc<Verifier>),
}

/// What a client has proved.
#[derive(Debug, Clone, Default)]
pub(super) struct Rights {
    /// What its token lets it listen to; `None`: the token says nothing of that.
    pub(super) topics: Option<Vec<Pattern>>,
    /// For whom it speaks.
    pub(super) principal: Option<Arc<str>>,
    /// When its token counts no more.
    pub(super) until: Option<SystemTime>,
}

/// Why a client is not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Denied {
    /// It has no token.
    NoToken,
    /// It has more than one, and nobody can say which of them is meant.
    TwoTokens,
    /// Its token does not count, and why.
    Invalid(&'static str),
}

impl Auth {
    /// Judges a request by its headers and the token in its query, if that is allowed and
    /// there is one.
    pub(super) fn judge(
        &self,
        headers: &HeaderMap,
        query: Option<&[u8]>,
    ) -> Result<Rights, Denied> {
        if matches!(self, Auth::None) {
            return Ok(Rights::default());
        }
        let mut tokens = headers.get_all(AUTHORIZATION).iter().filter_map(|value| {
            let (scheme, token) = value.as_bytes().split_at_checked(b"bearer ".len())?;
            scheme.eq_ignore_ascii_case(b"bearer ").then(|| token.trim_ascii())
        });
        let token = match (tokens.next(), query, tokens.next()) {
            (_, _, Some(_)) | (Some(_), Some(_), _) => return Err(Denied::TwoTokens),
            (Some(token), None, None) | (None, Some(token), None) => token,
            (None, None, None) => return Err(Denied::NoToken),
        };
        match self {
            Auth::None => Ok(Rights::default()),
            Auth::Token(own) if own.is_token(token) => Ok(Rights::default()),
            Auth::Token(_) => Err(Denied::Invalid("it is not the token of this hub")),
            Auth::Jwt(verifier) => verifier.verify(token).map_err(Denied::Invalid),
        }
    }

    /// Whether who was let in by this one would be by the other.
    pub(super) fn is_same(&self, other: &Auth) -> bool {
        match (self, other) {
            // Whoever proved something need not have.
            (_, Auth::None) => true,
            (Auth::Token(own), Auth::Token(other)) => own.is_same(other),
            (Auth::Jwt(own), Auth::Jwt(other)) => own.is_same(other),
            _ => false,
        }
    }
}

impl Rights {
    /// The first of these patterns that the client may not listen to, at this door.
    pub(super) fn forbidden<'p>(&self, door: &Door, wanted: &'p [Pattern]) -> Option<&'p Pattern> {
        let covers = |all: &[Pattern], one: &Pattern| all.iter().any(|pattern| pattern.covers(one));
        let open = |one: &Pattern| match (&door.channel, &self.topics) {
            // No more than the claim says, and that is all.
            (None, Some(_)) if door.topics.is_empty() => true,
            // What a channel has is all of it or nothing: a change narrows what is there.
            _ => covers(&door.topics, one),
        };
        let claimed = |one: &Pattern| self.topics.as_ref().is_none_or(|own| covers(own, one));
        wanted.iter().find(|one| !open(one) || !claimed(one))
    }
}

#[cfg(test)]
mod tests;
