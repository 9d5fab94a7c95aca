//! Events: what the bus holds, and which of it browsers may hear.

use std::collections::HashSet;
use std::path::PathBuf;
use std::time::Duration;

use super::Faults;
use crate::bus::{self, Pattern};
pub use crate::sse::Lag;

/// The event bus, and streams of its events to browsers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Events {
    /// Events of one topic that are held for those that come back.
    pub history_events: usize,
    /// Bytes of them.
    pub history_bytes: usize,
    /// How old they become.
    pub history_age: Duration,
    /// Bytes of the events of all topics together.
    pub history_bytes_total: usize,
    /// Topics that are remembered with their events.
    pub topics_max: usize,
    /// Bytes of one event's payload.
    pub payload_bytes: usize,
    /// Bytes that wait for one subscriber, a worker's subscription or `slotway tail`, at most.
    pub subscription_bytes: usize,
    /// Bytes of payload that one principal may publish in a second; no limit when `None`.
    pub principal_bytes_per_second: Option<u64>,
    /// How long a must-deliver event waits for all slow subscribers together.
    pub must_deliver: Duration,
    /// Over which time events are counted to find a storm.
    pub storm_window: Duration,
    /// From how many events a second on there is a warning; 0 never warns.
    pub storm_events_per_second: u64,

    /// Where browsers listen, as in `/events`; nowhere when `None`.
    pub path: Option<String>,
    /// Patterns that may be listened to. For who has a JWT its claim decides, within these if
    /// there are any.
    pub topics: Vec<String>,
    /// Who may listen.
    pub auth: EventsAuth,
    /// The file that holds the bearer token, where `auth` is [`EventsAuth::Token`].
    pub token_file: Option<PathBuf>,
    /// How a JWT is judged, where `auth` is [`EventsAuth::Jwt`].
    pub jwt: Jwt,
    /// Whether a token may be in the query, as `access_token`: a browser's `EventSource`
    /// cannot send it in a header. It is not logged here, but perhaps by a proxy.
    pub query_token: bool,
    /// Whose events a client with a JWT gets.
    pub scope: EventsScope,
    /// What the data of an event is, where the client does not say.
    pub envelope: Envelope,
    /// What becomes of a client that reads too slowly.
    pub lag: Lag,
    /// Patterns of one client.
    pub patterns: usize,
    /// Streams at a time.
    pub clients: usize,
    /// Streams of one client address at a time; no limit when `None`.
    pub per_client: Option<u32>,
    /// Bytes that are held for clients that listen to the same and are behind.
    pub feed_bytes: usize,
    /// The same for all clients together.
    pub feed_bytes_total: usize,
    /// How long a stream is open at most, give or take a tenth; no limit when `None`.
    pub lifetime: Option<Duration>,
    /// How long a client waits before it comes back when the connection breaks.
    pub retry: Duration,
    /// Over how much more time those come back that were sent away by a shutdown.
    pub retry_spread: Duration,
    /// After how long without an event clients get a comment.
    pub keep_alive: Duration,
}

/// Who may listen to events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, clap::ValueEnum)]
pub enum EventsAuth {
    /// Everybody.
    #[default]
    None,
    /// Who has the bearer token of a file.
    Token,
    /// Who has a JSON Web Token that is signed by a key.
    Jwt,
}

/// How a JSON Web Token is judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Jwt {
    /// The one algorithm that tokens are signed by. What a token says of it decides nothing.
    pub algorithm: JwtAlgorithm,
    /// The file of the key: the secret for [`JwtAlgorithm::Hs256`], else the public key as PEM.
    pub key_file: Option<PathBuf>,
    /// Who has to have issued it; anybody when `None`.
    pub issuer: Option<String>,
    /// Whom it has to be for, one of these; when empty, for nobody in particular.
    pub audience: Vec<String>,
    /// By how much clocks may differ.
    pub leeway: Duration,
    /// The claim that lists topic patterns.
    pub topics_claim: String,
    /// The claim that says for whom it speaks.
    pub principal_claim: String,
}

/// How a JSON Web Token is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum JwtAlgorithm {
    /// HMAC with SHA-256.
    #[default]
    #[value(name = "HS256")]
    Hs256,
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    #[value(name = "RS256")]
    Rs256,
    /// ECDSA on P-256 with SHA-256.
    #[value(name = "ES256")]
    Es256,
}

/// Whose events a client gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum EventsScope {
    /// Everybody's.
    #[default]
    All,
    /// Those without a principal, and those whose principal is the one that its token speaks
    /// for.
    Own,
}

/// What the data of an event is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, clap::ValueEnum)]
pub enum Envelope {
    /// The payload as it is.
    #[default]
    None,
    /// A JSON object with topic, type, id and payload.
    Json,
}

/// A stream of its own, at the path of events followed by its name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Channel {
    /// Its name: letters, digits, `.`, `_` and `-`, 1 to 128 bytes.
    pub name: String,
    /// What is heard on it, as patterns.
    pub topics: Vec<String>,
    /// As [`Events::auth`].
    pub auth: Option<EventsAuth>,
    /// As [`Events::scope`].
    pub scope: Option<EventsScope>,
    /// As [`Events::envelope`].
    pub envelope: Option<Envelope>,
    /// As [`Events::lag`].
    pub lag: Option<Lag>,
}

impl Default for Events {
    fn default() -> Events {
        let bus = bus::Settings::default();
        Events {
            history_events: bus.history.events,
            history_bytes: bus.history.bytes,
            history_age: bus.history.age,
            history_bytes_total: bus.history.total_bytes,
            topics_max: bus.topics_max,
            payload_bytes: bus.payload_bytes_max,
            subscription_bytes: bus::Lossy::default().bytes,
            principal_bytes_per_second: bus.principal_bytes_per_second,
            must_deliver: bus.must_deadline,
            storm_window: bus.storm.window,
            storm_events_per_second: bus.storm.events_per_second,
            path: None,
            topics: Vec::new(),
            auth: EventsAuth::default(),
            token_file: None,
            jwt: Jwt::default(),
            query_token: false,
            scope: EventsScope::default(),
            envelope: Envelope::default(),
            lag: Lag::default(),
            patterns: 16,
            clients: 10_000,
            per_client: None,
            feed_bytes: 1 << 20,
            feed_bytes_total: 256 << 20,
            lifetime: None,
            retry: Duration::from_secs(2),
            retry_spread: Duration::from_secs(10),
            keep_alive: Duration::from_secs(15),
        }
    }
}

impl Default for Jwt {
    fn default() -> Jwt {
        Jwt {
            algorithm: JwtAlgorithm::default(),
            key_file: None,
            issuer: None,
            audience: Vec::new(),
            leeway: Duration::from_secs(30),
            topics_claim: "topics".to_owned(),
            principal_claim: "sub".to_owned(),
        }
    }
}

/// What clocks may differ by at most: more is no tolerance any more.
const LEEWAY_MAX: Duration = Duration::from_secs(3600);
/// A feed that holds less would lose what it has just been given.
const FEED_BYTES_MIN: usize = 64 << 10;

impl Events {
    /// What the bus is told. `first_seq`: the number of its first event.
    pub(crate) fn bus_settings(&self, first_seq: bus::Seq) -> bus::Settings {
        let default = bus::Settings::default();
        bus::Settings {
            first_seq,
            must_deadline: self.must_deliver,
            payload_bytes_max: self.payload_bytes,
            principal_bytes_per_second: self.principal_bytes_per_second,
            topics_max: self.topics_max,
            history: bus::HistorySettings {
                events: self.history_events,
                bytes: self.history_bytes,
                age: self.history_age,
                total_bytes: self.history_bytes_total,
                ..default.history
            },
            storm: bus::StormSettings {
                window: self.storm_window,
                events_per_second: self.storm_events_per_second,
            },
            ..default
        }
    }

    pub(super) fn check(&self, channels: &[Channel], faults: &mut Faults) {
        for (key, value) in [
            ("events.topics-max", self.topics_max),
            ("events.payload-bytes", self.payload_bytes),
            ("events.subscription-bytes", self.subscription_bytes),
            ("events.patterns", self.patterns),
            ("events.clients", self.clients),
            ("events.per-client", self.per_client.map_or(1, |limit| limit as usize)),
            ("events.principal-bytes-per-second", self.principal_bytes()),
        ] {
            if value == 0 {
                faults.zero(key);
            }
        }
        for (key, value) in [
            ("events.must-deliver", self.must_deliver),
            ("events.storm-window", self.storm_window),
            ("events.keep-alive", self.keep_alive),
            ("events.lifetime", self.lifetime.unwrap_or(Duration::MAX)),
        ] {
            if value.is_zero() {
                faults.no_time(key);
            }
        }
        for (key, value) in
            [("feed-bytes", self.feed_bytes), ("feed-bytes-total", self.feed_bytes_total)]
        {
            if value < FEED_BYTES_MIN {
                let words = format!("{value} is too low; write {FEED_BYTES_MIN} or more");
                faults.add(format!("events.{key}"), words);
            }
        }
        if self.jwt.leeway > LEEWAY_MAX {
            faults.add("events.jwt-leeway", "more than an hour is no tolerance; write less");
        }
        check_patterns("events.topics", &self.topics, faults);
        self.check_path(channels, faults);
        self.check_auth(channels, faults);
        let mut names = HashSet::new();
        for (index, channel) in channels.iter().enumerate() {
            channel.check(&format!("channel[{index}]"), faults);
            if !names.insert(channel.name.as_str()) {
                let words = format!("another channel is called {:?}, too", channel.name);
                faults.add(format!("channel[{index}].name"), words);
            }
        }
    }

    fn principal_bytes(&self) -> usize {
        self.principal_bytes_per_second.map_or(1, |limit| usize::from(limit > 0))
    }

    fn check_path(&self, channels: &[Channel], faults: &mut Faults) {
        let Some(path) = &self.path else { return };
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte);
        let fits = path.len() > 1
            && path.starts_with('/')
            && !path.ends_with('/')
            && !path.contains("//")
            && path.bytes().all(is_plain);
        if !fits {
            let words = format!("{path:?} cannot be the path of events; write one as in /events");
            faults.add("events.path", words);
        }
        if crate::health::Page::at(path).is_some() {
            faults.add("events.path", format!("{path} is a page of the hub's own already"));
        }
        let open = self.auth != EventsAuth::Jwt && self.topics.is_empty();
        if fits && open && channels.is_empty() {
            faults.add(
                "events.topics",
                "nobody may listen to anything; write topics = [\"news.*\"], or [\"#\"] for \
                 everything",
            );
        }
    }

    fn check_auth(&self, channels: &[Channel], faults: &mut Faults) {
        let asks = |auth| {
            let asks = |own: Option<EventsAuth>| own.unwrap_or(self.auth) == auth;
            self.path.is_some() && (asks(None) || channels.iter().any(|channel| asks(channel.auth)))
        };
        if asks(EventsAuth::Token) && self.token_file.is_none() {
            let words = "there is no token to compare with; write token-file = \
                         \"/etc/slotway/events-token\"";
            faults.add("events.token-file", words);
        }
        if asks(EventsAuth::Jwt) && self.jwt.key_file.is_none() {
            let words = "there is no key to verify tokens with; write jwt-key-file = \
                         \"/etc/slotway/jwt.pem\"";
            faults.add("events.jwt-key-file", words);
        }
    }
}

impl Channel {
    fn check(&self, key: &str, faults: &mut Faults) {
        let fits = (1..=128).contains(&self.name.len())
            && self.name.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b));
        if !fits {
            let words = format!(
                "{:?} is no name; write letters, digits, '.', '_' and '-', 1 to 128 bytes",
                self.name
            );
            faults.add(format!("{key}.name"), words);
        }
        if self.topics.is_empty() {
            faults.add(
                format!("{key}.topics"),
                "nothing is heard on it; write topics = [\"news.*\"]",
            );
        }
        check_patterns(&format!("{key}.topics"), &self.topics, faults);
    }
}

pub(super) fn check_patterns(key: &str, patterns: &[String], faults: &mut Faults) {
    for (index, pattern) in patterns.iter().enumerate() {
        if let Err(problem) = Pattern::new(pattern) {
            faults.add(format!("{key}[{index}]"), format!("{pattern:?} is no pattern: {problem}"));
        }
    }
}
