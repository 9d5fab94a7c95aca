//! An event as JSON says it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::bus::{Bus, Draft, Refusal, Seq};

/// The fields of `POST /internal/emit`. A field that is not known is a mistake, because a
/// misspelt one would change what is published.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Fields<'a> {
    topic: String,
    #[serde(default, rename = "type")]
    kind: Option<String>,
    #[serde(default)]
    id: Option<String>,
    #[serde(default)]
    principal: Option<String>,
    #[serde(default, borrow)]
    data: Option<&'a RawValue>,
    #[serde(default)]
    data_base64: Option<String>,
    #[serde(default)]
    must_deliver: bool,
    /// What `slotway tail --json` prints beside; the hub gives its own.
    #[serde(default, rename = "seq")]
    _seq: Option<u64>,
    #[serde(default, rename = "at_ms")]
    _at_ms: Option<u64>,
}

/// An event that somebody wants to publish.
pub(super) struct Incoming {
    pub(super) topic: String,
    pub(super) kind: Option<String>,
    pub(super) id: Option<String>,
    pub(super) principal: Option<String>,
    pub(super) payload: Bytes,
    /// Wait for subscribers that are full.
    pub(super) must_deliver: bool,
}

impl Incoming {
    /// Reads one JSON object.
    ///
    /// # Errors
    ///
    /// A sentence about what is wrong with it.
    pub(super) fn parse(json: &[u8]) -> Result<Incoming, String> {
        let fields: Fields<'_> =
            serde_json::from_slice(json).map_err(|error| format!("this is no event: {error}"))?;
        let payload = match (fields.data, fields.data_base64) {
            (Some(_), Some(_)) => {
                return Err("data and data_base64 both hold a payload; write one of them".into());
            }
            (Some(data), None) => payload_of(data),
            (None, Some(text)) => {
                let bytes = STANDARD.decode(&text);
                bytes.map_err(|error| format!("data_base64 is no base64: {error}"))?.into()
            }
            (None, None) => Bytes::new(),
        };
        let Fields { topic, kind, id, principal, must_deliver, .. } = fields;
        Ok(Incoming { topic, kind, id, principal, payload, must_deliver })
    }

    /// Publishes it, and gives its sequence number.
    pub(super) async fn publish(self, bus: &Bus) -> Result<Seq, Refusal> {
        let mut draft = Draft::new(self.topic).payload(self.payload);
        if let Some(kind) = self.kind {
            draft = draft.kind(kind);
        }
        if let Some(id) = self.id {
            draft = draft.id(id);
        }
        if let Some(principal) = &self.principal {
            draft = draft.principal(principal);
        }
        let published = match self.must_deliver {
            true => bus.publish_must(draft).await?,
            false => bus.publish(draft)?,
        };
        Ok(published.seq)
    }
}

/// A string is its text; whatever else JSON has is itself, byte for byte.
fn payload_of(data: &RawValue) -> Bytes {
    match serde_json::from_str::<String>(data.get()) {
        Ok(text) => text.into(),
        Err(_) => Bytes::copy_from_slice(data.get().as_bytes()),
    }
}

#[cfg(test)]
mod tests;
