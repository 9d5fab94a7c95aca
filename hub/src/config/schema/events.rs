//! The table `[events]` and the list `[[channel]]`.

use super::Table;
use super::key::key;
use crate::config::codec::{Bytes, Choice, Count, File, List, Maybe, Text, Time, Unset, YesNo};
use crate::config::{Channel, Config, Envelope, EventsAuth, EventsScope, JwtAlgorithm, Lag};

/// The event bus, and what browsers hear of it.
pub(super) const EVENTS: Table<Config> = {
    type Subject = Config;
    Table {
        name: "events",
        words: "The event bus, and streams of its events to browsers, which are closed unless a \
                path opens them.",
        keys: &[
            key!(
                Maybe<Text>,
                events.path,
                "path",
                "Where browsers listen, ahead of any route; \"none\" opens nothing."
            )
            .like("\"/events\""),
            key!(
                List<Text>,
                events.topics,
                "topics",
                "Patterns that may be listened to, [\"#\"] for everything. For who has a JWT its \
                 claim decides, within these if there are any."
            )
            .like("[\"news.*\"]"),
            key!(
                Choice<EventsAuth>,
                events.auth,
                "auth",
                "Who may listen: everybody (\"none\"), who has a bearer token (\"token\") or a JSON \
                 Web Token (\"jwt\")."
            )
            .like("\"jwt\""),
            key!(
                Maybe<File>,
                events.token_file,
                "token-file",
                "File that holds the bearer token for auth = \"token\"."
            )
            .like("\"/etc/slotway/events-token\""),
            key!(
                Choice<JwtAlgorithm>,
                events.jwt.algorithm,
                "jwt-algorithm",
                "How tokens are signed: \"HS256\", \"RS256\" or \"ES256\", whatever they say \
                 themselves."
            )
            .like("\"ES256\""),
            key!(
                Maybe<File>,
                events.jwt.key_file,
                "jwt-key-file",
                "File of the key: the secret for HS256, else the public key as PEM."
            )
            .like("\"/etc/slotway/jwt.pem\""),
            key!(
                Maybe<Text>,
                events.jwt.issuer,
                "jwt-issuer",
                "Who has to have issued a token (iss), or \"none\" for anybody."
            )
            .like("\"https://login.example\""),
            key!(
                List<Text>,
                events.jwt.audience,
                "jwt-audience",
                "Whom a token has to be for (aud), one of these. Without any, tokens that name an \
                 audience are refused."
            )
            .like("[\"events\"]"),
            key!(
                Time,
                events.jwt.leeway,
                "jwt-leeway",
                "By how much the clocks of who issues tokens and of the hub may differ."
            ),
            key!(
                Text,
                events.jwt.topics_claim,
                "jwt-topics-claim",
                "The claim that lists topic patterns: a list, or text with spaces between them."
            )
            .like("\"scope\""),
            key!(
                Text,
                events.jwt.principal_claim,
                "jwt-principal-claim",
                "The claim that names the principal for whom the token speaks."
            )
            .like("\"user\""),
            key!(
                YesNo,
                events.query_token,
                "query-token",
                "Whether a token may be in the query, as access_token=…, because a browser's \
                 EventSource cannot send headers. The hub does not log it; a proxy may."
            ),
            key!(
                Choice<EventsScope>,
                events.scope,
                "scope",
                "Whose events a client with a JWT gets: everybody's (\"all\"), or those without a \
                 principal and those of its token's principal (\"own\")."
            )
            .like("\"own\""),
            key!(
                Choice<Envelope>,
                events.envelope,
                "envelope",
                "What an event's data is: the payload (\"none\"), or a JSON object with topic, type, \
                 id and payload (\"json\"). A client may ask for the other by ?envelope=…."
            )
            .like("\"json\""),
            key!(
                Choice<Lag>,
                events.lag,
                "lag",
                "What becomes of a client that reads too slowly: its stream ends, and it comes back \
                 with its last id (\"drop\"), or it is told how many events it missed (\"gap\")."
            )
            .like("\"gap\""),
            key!(Count<usize>, events.patterns, "patterns", "Patterns of one client."),
            key!(Count<usize>, events.clients, "clients", "Streams at a time, then 503."),
            key!(
                Maybe<Count<u32>>,
                events.per_client,
                "per-client",
                "Streams of one client address at a time, then 429, or \"none\"."
            )
            .like("20"),
            key!(
                Bytes<usize>,
                events.feed_bytes,
                "feed-bytes",
                "Bytes that are held for clients which listen to the same and are behind."
            ),
            key!(
                Bytes<usize>,
                events.feed_bytes_total,
                "feed-bytes-total",
                "The same for all clients together."
            ),
            key!(
                Maybe<Time>,
                events.lifetime,
                "lifetime",
                "How long a stream is open at most, give or take a tenth, until its client comes \
                 back with its last id; \"none\" for no limit."
            )
            .like("\"1h\""),
            key!(
                Time,
                events.retry,
                "retry",
                "How long a client waits before it comes back when its connection breaks."
            ),
            key!(
                Time,
                events.retry_spread,
                "retry-spread",
                "Over how much more time those come back that a shutdown sent away."
            ),
            key!(
                Time,
                events.keep_alive,
                "keep-alive",
                "After how long without an event clients get a comment."
            ),
            key!(
                Count<usize>,
                delegated.clients,
                "delegated-clients",
                "Clients of streams that workers own at a time, then 503."
            ),
            key!(
                Bytes<usize>,
                delegated.bytes,
                "delegated-bytes",
                "Bytes that may wait for each path of such a stream, and for each of its clients \
                 alone; who is behind by more is dropped."
            ),
            key!(
                Time,
                delegated.grace,
                "delegated-grace",
                "How long its clients stay when no worker is there for them."
            ),
            key!(
                Count<usize>,
                events.history_events,
                "history-events",
                "Events of one topic that are held for clients that come back; 0 holds none."
            )
            .fixed(),
            key!(Bytes<usize>, events.history_bytes, "history-bytes", "Bytes of them.").fixed(),
            key!(Time, events.history_age, "history-age", "How old they become.").fixed(),
            key!(
                Bytes<usize>,
                events.history_bytes_total,
                "history-bytes-total",
                "Bytes of the held events of all topics together."
            )
            .fixed(),
            key!(
                Count<usize>,
                events.topics_max,
                "topics-max",
                "Topics that are remembered with their events; the one that rested longest is \
                 forgotten first."
            )
            .fixed(),
            key!(Bytes<usize>, events.payload_bytes, "payload-bytes", "Bytes of one payload, then 413.")
                .fixed(),
            key!(
                Bytes<usize>,
                events.subscription_bytes,
                "subscription-bytes",
                "Bytes that wait for one subscriber at most, a worker's subscription or slotway \
                 tail; beyond, it loses events, and one that is larger by itself always. Who has \
                 subscribed already keeps what there was."
            ),
            key!(
                Maybe<Bytes<u64>>,
                events.principal_bytes_per_second,
                "principal-bytes-per-second",
                "Bytes of payload that one principal may publish in a second, then 429, or \"none\"."
            )
            .like("\"10M\"")
            .fixed(),
            key!(
                Time,
                events.must_deliver,
                "must-deliver",
                "How long a must-deliver event waits for all slow subscribers together."
            )
            .fixed(),
            key!(
                Time,
                events.storm_window,
                "storm-window",
                "Over which time events are counted to find a storm."
            )
            .fixed(),
            key!(
                Count<u64>,
                events.storm_events_per_second,
                "storm-events-per-second",
                "From how many events a second on the log warns of a storm; 0 never does."
            )
            .fixed(),
        ],
    }
};

/// A stream of its own.
pub(crate) const CHANNEL: Table<Channel> = {
    type Subject = Channel;
    Table {
        name: "channel",
        words: "A stream of its own, where events.path is set: at that path, a slash and its name.",
        keys: &[
            key!(
                Text,
                name,
                "name",
                "Its name: letters, digits, '.', '_' and '-', 1 to 128 bytes."
            )
            .like("\"news\""),
            key!(List<Text>, topics, "topics", "What is heard on it, as patterns.")
                .like("[\"news.*\"]"),
            key!(?Unset<Choice<EventsAuth>>, auth, "auth", "As events.auth.").like("\"none\""),
            key!(?Unset<Choice<EventsScope>>, scope, "scope", "As events.scope.").like("\"own\""),
            key!(?Unset<Choice<Envelope>>, envelope, "envelope", "As events.envelope.")
                .like("\"json\""),
            key!(?Unset<Choice<Lag>>, lag, "lag", "As events.lag.").like("\"gap\""),
        ],
    }
};
