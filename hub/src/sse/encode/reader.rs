//! A reader of streams of events, written from the standard's text (HTML, section 9.2.6),
//! which the encoder is held against.

use super::Message;

/// An event as a browser dispatches it.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Read {
    pub(crate) event: String,
    pub(crate) data: String,
    /// The last event id at that time.
    pub(crate) id: String,
    /// The time to wait before coming back, if one was said since the last event.
    pub(crate) retry: Option<u64>,
}

/// Reads a whole stream.
pub(crate) fn read(bytes: &[u8]) -> Vec<Read> {
    let text = String::from_utf8_lossy(bytes);
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let mut events = Vec::new();
    let (mut event, mut data, mut id) = (String::new(), String::new(), String::new());
    let mut retry = None;
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    // What comes after the last end of a line is no line.
    let Some((lines, _)) = text.rsplit_once('\n') else { return events };
    for line in lines.split('\n') {
        if line.is_empty() {
            if !data.is_empty() {
                let kind = if event.is_empty() { "message" } else { &event };
                data.pop();
                events.push(Read {
                    event: kind.to_owned(),
                    data: std::mem::take(&mut data),
                    id: id.clone(),
                    retry: retry.take(),
                });
            }
            event.clear();
            continue;
        }
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match name {
            "event" => event = value.to_owned(),
            "data" => {
                data.push_str(value);
                data.push('\n');
            }
            "id" if !value.contains('\0') => id = value.to_owned(),
            "retry" if value.bytes().all(|byte| byte.is_ascii_digit()) => {
                retry = value.parse().ok();
            }
            _ => {}
        }
    }
    events
}

/// Encodes an event between two others: a reader gets the three, and what was meant.
pub(crate) fn check(event: &str, id: &str, payload: &[u8]) {
    let mark = |id| Message { event: "mark", id: Some(id), data: b"mark", ..Message::default() };
    let mut bytes = mark("before").to_vec();
    Message { event, id: Some(id), data: payload, retry: None }.write(&mut bytes);
    mark("after").write(&mut bytes);

    let splits = |value: &str| value.contains(['\r', '\n', '\0']);
    let plain = event.is_empty() || splits(event);
    let data = String::from_utf8_lossy(payload);
    let middle = Read {
        event: if plain { "message" } else { event }.to_owned(),
        data: data.replace("\r\n", "\n").replace('\r', "\n"),
        id: if splits(id) { "before" } else { id }.to_owned(),
        retry: None,
    };
    let mark = |id: &str| Read {
        event: "mark".to_owned(),
        data: "mark".to_owned(),
        id: id.to_owned(),
        retry: None,
    };
    assert_eq!(read(&bytes), [mark("before"), middle, mark("after")], "{payload:?}");
}
