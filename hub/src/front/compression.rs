//! Compression of responses that workers send as they are, where the configuration asks
//! for it.
//!
//! What is compressed: text and what is like it, of unknown length or at least as long as
//! configured, for clients that accept a coding that the hub has. Everything that says
//! otherwise is left alone: what has a coding already, parts of a whole, streams of
//! events, `no-transform`, digests of the bytes. A response flows on while it is
//! compressed: whenever its worker pauses, what there is goes out. A number of responses
//! at a time are compressed, so the memory for it has a bound; further ones go as they are.

mod accept;
mod encoder;

use std::sync::Arc;

use http::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE,
    ETAG, HeaderMap, HeaderValue,
};
use http::{Method, Response, StatusCode};

use super::body::Kind;
use super::headers::add_vary;
use crate::config::Compression;
use crate::gate::Gate;
use accept::Coding;
pub(crate) use encoder::Compressed;

/// What a request says about compression.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wish {
    coding: Option<Coding>,
    /// There will be no body, but the headers that it would have.
    is_head: bool,
    untouched: bool,
}

impl Wish {
    pub(super) fn of(method: &Method, headers: &HeaderMap) -> Wish {
        Wish {
            coding: accept::best(headers),
            is_head: *method == Method::HEAD,
            untouched: says(headers, "no-transform"),
        }
    }

    /// Compresses a response if it is of the kind and `gate` lets it.
    pub(super) fn grant(
        self,
        config: &Compression,
        gate: &Arc<Gate>,
        mut response: Response<Kind>,
    ) -> Response<Kind> {
        if self.untouched || !is_of_the_kind(&response, config, self.is_head) {
            return response;
        }
        // Whatever is sent now, another request would get something else.
        add_vary(response.headers_mut(), "accept-encoding");
        let Some(coding) = self.coding else { return response };
        if self.is_head {
            describe(response.headers_mut(), coding);
            return response;
        }
        let Some(pass) = gate.try_enter() else { return response };
        describe(response.headers_mut(), coding);
        response.map(|kind| Kind::Compressed(Box::new(Compressed::new(kind, coding, pass))))
    }
}

/// Whether a response gains by it and may be changed.
fn is_of_the_kind(response: &Response<Kind>, config: &Compression, is_head: bool) -> bool {
    let headers = response.headers();
    let length = match response.body() {
        Kind::Empty if !is_head => return false,
        Kind::Empty => stated_length(headers),
        kind => kind.size_hint().exact(),
    };
    response.status() != StatusCode::PARTIAL_CONTENT
        && response.status() != StatusCode::NO_CONTENT
        && response.status() != StatusCode::NOT_MODIFIED
        && length.is_none_or(|length| length >= u64::from(config.min_bytes))
        && !headers.contains_key(CONTENT_ENCODING)
        && !headers.contains_key(CONTENT_RANGE)
        // They are of the bytes as the worker sent them.
        && !["content-digest", "repr-digest", "digest", "content-md5"]
            .iter()
            .any(|name| headers.contains_key(*name))
        && !says(headers, "no-transform")
        && headers.get(CONTENT_TYPE).is_some_and(|kind| is_like_text(kind.as_bytes()))
}

fn stated_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// Whether `cache-control` holds a directive.
fn says(headers: &HeaderMap, directive: &str) -> bool {
    headers.get_all(CACHE_CONTROL).iter().any(|value| {
        let mut directives = value.as_bytes().split(|&byte| byte == b',');
        directives.any(|found| found.trim_ascii().eq_ignore_ascii_case(directive.as_bytes()))
    })
}

/// Whether a media type is made of words. A stream of events is, but each is so short that
/// compressing them one by one gains nothing.
fn is_like_text(media_type: &[u8]) -> bool {
    let essence = media_type.split(|&byte| byte == b';').next().unwrap_or_default();
    let Ok(essence) = std::str::from_utf8(essence.trim_ascii()) else { return false };
    let essence = essence.to_ascii_lowercase();
    match essence.split_once('/') {
        Some(("text", subtype)) => subtype != "event-stream",
        Some(("application", subtype)) => {
            matches!(
                subtype,
                "json"
                    | "javascript"
                    | "xml"
                    | "wasm"
                    | "graphql"
                    | "x-ndjson"
                    | "yaml"
                    | "toml"
                    | "x-javascript"
                    | "manifest+json"
                    | "vnd.ms-fontobject"
            ) || subtype.ends_with("+json")
                || subtype.ends_with("+xml")
        }
        Some(("image", subtype)) => matches!(subtype, "svg+xml" | "bmp" | "x-icon"),
        Some(("font", subtype)) => matches!(subtype, "ttf" | "otf"),
        _ => false,
    }
}

/// Says in the headers what becomes of the body.
fn describe(headers: &mut HeaderMap, coding: Coding) {
    headers.insert(CONTENT_ENCODING, HeaderValue::from_static(coding.name()));
    headers.remove(CONTENT_LENGTH);
    // Parts would be parts of what the worker has, not of what is sent.
    headers.remove(ACCEPT_RANGES);
    // The same resource in other bytes: no longer the same byte for byte.
    if let Some(tag) = headers.get(ETAG)
        && !tag.as_bytes().starts_with(b"W/")
        && let Ok(weak) = HeaderValue::from_bytes(&[b"W/", tag.as_bytes()].concat())
    {
        headers.insert(ETAG, weak);
    }
}

#[cfg(test)]
mod tests;
