//! The tables of the file.

use super::events::EVENTS;
use super::key::key;
use super::queues::QUEUES;
use super::{Heading, Table};
use crate::config::codec::{
    AdminPlace, Bytes, Choice, Codec, Count, File, List, Maybe, Of, Text, Time, Unset, YesNo,
};
use crate::config::{AdminSocket, Believe, Config, Cors, LogFormat, Told};

type Subject = Config;

/// A key of `[cors]`, which is there when any of its keys is.
macro_rules! cors {
    ($codec:ty, $field:ident, $name:literal, $words:literal) => {
        key!(@$codec,
            |all: &Config| all.cors.as_ref().map(|cors| &cors.$field),
            |all: &mut Config, value: <$codec as Codec>::Value| {
                all.cors.get_or_insert_with(Cors::default).$field = value;
            },
            $name, $words)
    };
}

/// All tables but the lists, in the order in which they are shown.
pub(crate) const TABLES: &[Table<Config>] = &[
    Table {
        name: "",
        words: "",
        keys: &[key!(?Unset<Count<usize>>, threads, "threads", "Threads that serve HTTP.")
            .unset("half as many as processors")
            .like("4")
            .fixed()
            .flag(Heading::Limits, "threads", "N")],
    },
    Table {
        name: "control",
        words: "The Unix socket on which workers connect, and who may.",
        keys: &[
            key!(?Unset<File>, control.path, "path", "Unix socket on which workers connect.")
                .unset("$XDG_RUNTIME_DIR/slotway/hub.sock, else /tmp/slotway-$UID/hub.sock")
                .like("\"/run/slotway/hub.sock\"")
                .fixed()
                .flag(Heading::Addresses, "control", "PATH")
                .env("SLOTWAY_HUB"),
            key!(
                List<Count<u32>>,
                control.allow_uids,
                "allow-uids",
                "User ids whose workers are let in besides those of the hub's own user."
            )
            .like("[1000]")
            .flag(Heading::Workers, "allow-uid", "UID")
            .many(),
        ],
    },
    Table {
        name: "admin",
        words: "The admin surface: /internal, /metrics and the dashboard.",
        keys: &[
            key!(@AdminPlace,
                |all: &Config| Some(&all.admin.socket)
                    .filter(|socket| **socket != AdminSocket::BesideControl),
                |all: &mut Config, value| all.admin.socket = value,
                "socket", "Unix socket of the admin surface, or \"none\".")
            .unset("admin.sock beside the control socket")
            .like("\"/run/slotway/admin.sock\"")
            .fixed()
            .flag(Heading::Addresses, "admin", "PATH"),
            key!(
                Maybe<Of<std::net::SocketAddr>>,
                admin.listen,
                "listen",
                "TCP address of the admin surface, besides. It asks for the token."
            )
            .like("\"127.0.0.1:8081\"")
            .fixed()
            .flag(Heading::Addresses, "admin-listen", "ADDRESS"),
            key!(
                YesNo,
                admin.remote,
                "remote",
                "Whether that address may be another than loopback; nothing is encrypted there."
            )
            .fixed(),
            key!(
                Maybe<File>,
                admin.token_file,
                "token-file",
                "File that holds the bearer token of the admin surface's TCP address."
            )
            .like("\"/etc/slotway/token\"")
            .flag(Heading::Addresses, "admin-token-file", "PATH"),
        ],
    },
    Table {
        name: "workers",
        words: "Bounds on workers, and the sizes of their regions.",
        keys: &[
            key!(Count<usize>, workers.max, "max", "Workers connected at a time.").fixed().flag(
                Heading::Workers,
                "workers",
                "N",
            ),
            key!(
                Count<usize>,
                workers.registrations,
                "registrations",
                "Registrations of one worker."
            ),
            key!(
                Count<u32>,
                workers.region.slots,
                "slots",
                "Slots of a region, so requests in flight, where the worker asks for no number."
            )
            .flag(Heading::Workers, "slots", "N"),
            key!(
                Bytes<u32>,
                workers.region.head_bytes,
                "head-bytes",
                "Bytes for one encoded head, in each direction, where the worker asks for none; a \
                 multiple of 4K."
            )
            .flag(Heading::Workers, "head-area", "SIZE"),
            key!(
                Bytes<u32>,
                workers.region.request_bytes,
                "request-bytes",
                "Bytes of a slot's ring for a request's body where the worker asks for none; a \
                 power of two."
            )
            .flag(Heading::Workers, "request-ring", "SIZE"),
            key!(
                Bytes<u32>,
                workers.region.response_bytes,
                "response-bytes",
                "Bytes of a slot's ring for a response's body where the worker asks for none; a \
                 power of two."
            )
            .flag(Heading::Workers, "response-ring", "SIZE"),
            key!(
                Bytes<u32>,
                workers.rings.outbox_bytes,
                "outbox-bytes",
                "Bytes of the ring for events from a worker where it asks for none; a power of \
                 two."
            ),
            key!(
                Bytes<u32>,
                workers.rings.inbox_bytes,
                "inbox-bytes",
                "Bytes of the ring for events to a worker where it asks for none; a power of two."
            ),
            key!(
                Count<usize>,
                workers.subscriptions,
                "subscriptions",
                "Subscriptions of one worker to events."
            ),
            key!(
                Bytes<u64>,
                workers.region_bytes_max,
                "region-bytes-max",
                "Bytes of one region at most, whatever a worker asks for."
            )
            .flag(Heading::Workers, "region-max", "SIZE"),
            key!(
                Time,
                workers.spin,
                "spin",
                "How long the hub looks for an answer at most before it sleeps, where few \
                 requests are in flight; it looks only for as long as that pays. 0s never does."
            )
            .flag(Heading::Workers, "spin", "TIME"),
        ],
    },
    Table {
        name: "identities",
        words: "Which registrations come in, by patterns over their identities \
                (tenant.type.instance, or any name and instance): * is one segment inside and one \
                or more at the end, and a pattern that matches the name counts for all of its \
                instances. Refuse goes before approve, approve before accept.",
        keys: &[
            key!(List<Text>, identities.accept, "accept", "Those that come in at once."),
            key!(
                List<Text>,
                identities.approve,
                "approve",
                "Those that wait until somebody approves them, with `slotway approve`."
            )
            .like("[\"media.*\"]"),
            key!(List<Text>, identities.refuse, "refuse", "Those that do not come in.")
                .like("[\"*.legacy.*\"]"),
        ],
    },
    Table {
        name: "health",
        words: "Which names have to be served, and how a worker that hangs is found.",
        keys: &[
            key!(
                List<Text>,
                health.require,
                "require",
                "Names without which the hub is not ready."
            )
            .like("[\"greeter\"]")
            .flag(Heading::Workers, "require", "NAME")
            .many(),
            key!(Time, health.interval, "interval", "How long after one probe the next is sent.")
                .flag(Heading::Workers, "probe-interval", "TIME"),
            key!(Time, health.timeout, "timeout", "How long a worker has to answer a probe.").flag(
                Heading::Workers,
                "probe-timeout",
                "TIME",
            ),
            key!(
                Count<u32>,
                health.misses,
                "misses",
                "Probes missed in a row that end a worker; 0 ends none."
            )
            .flag(Heading::Workers, "probe-misses", "N"),
        ],
    },
    Table {
        name: "timeouts",
        words: "Limits on time.",
        keys: &[
            key!(Time, times.wait, "wait", "Longest wait for a free slot, then 503.").flag(
                Heading::Timeouts,
                "wait-timeout",
                "TIME",
            ),
            key!(Time, times.request, "request", "Longest time until a response's head, then 504.")
                .flag(Heading::Timeouts, "request-timeout", "TIME"),
            key!(
                Time,
                times.idle,
                "idle",
                "Longest rest between two chunks of a body, and of a client that reads no more."
            )
            .flag(Heading::Timeouts, "idle-timeout", "TIME"),
            key!(
                Time,
                times.header_read,
                "header-read",
                "Longest time for a request's head to arrive, and of rest between two requests."
            )
            .flag(Heading::Timeouts, "header-read-timeout", "TIME"),
            key!(
                Time,
                times.control,
                "control",
                "How long a worker may take to say hello, and to take what the hub says to it."
            ),
            key!(Time, times.grace, "grace", "How long a shutdown waits for requests in flight.")
                .flag(Heading::Timeouts, "grace", "TIME"),
        ],
    },
    Table {
        name: "limits",
        words: "Limits on numbers and bytes.",
        keys: &[
            key!(
                Bytes<usize>,
                limits.head_bytes,
                "head-bytes",
                "Bytes of a request's head, then 431."
            )
            .flag(Heading::Limits, "head-bytes", "SIZE"),
            key!(
                Maybe<Bytes<u64>>,
                limits.body_bytes,
                "body-bytes",
                "Bytes of a request's body, then 413; \"none\" for no limit, because a body flows \
                 through a ring of fixed size whatever its length."
            )
            .like("\"1G\"")
            .flag(Heading::Limits, "body-bytes", "SIZE"),
            key!(
                Count<usize>,
                limits.connections,
                "connections",
                "Connections of clients at a time; further ones wait to be accepted."
            )
            .fixed()
            .flag(Heading::Limits, "connections", "N"),
            key!(
                Count<u32>,
                limits.http2_streams,
                "http2-streams",
                "Requests that one HTTP/2 connection may have in flight."
            ),
            key!(
                Bytes<u32>,
                limits.http2_window_bytes,
                "http2-window-bytes",
                "Bytes of request bodies that one HTTP/2 connection may send ahead of the workers \
                 that read them, all its requests together."
            ),
            key!(
                Count<usize>,
                limits.waiters,
                "waiters",
                "Requests of one name that may wait for a slot."
            )
            .flag(Heading::Limits, "waiters", "N"),
            key!(
                Maybe<Count<u32>>,
                limits.per_client,
                "per-client",
                "Requests of one client address that may be in flight, or \"none\"."
            )
            .like("100")
            .flag(Heading::Limits, "per-client", "N"),
            key!(
                Bytes<usize>,
                limits.spool_bytes,
                "spool-bytes",
                "Bytes of one response read ahead of its client."
            )
            .flag(Heading::Limits, "spool", "SIZE"),
            key!(
                Bytes<usize>,
                limits.spool_bytes_total,
                "spool-bytes-total",
                "Bytes of all responses together read ahead of their clients."
            )
            .flag(Heading::Limits, "spool-total", "SIZE"),
        ],
    },
    Table {
        name: "forwarded",
        words: "Whom to believe about who the client is.",
        keys: &[
            key!(
                List<Of<ipnet::IpNet>>,
                forwarded.trust,
                "trust",
                "Proxies whose forwarded, x-forwarded-* and x-request-id are believed; those of \
                 anybody else are replaced by what the hub sees itself."
            )
            .like("[\"10.0.0.0/8\"]")
            .flag(Heading::Requests, "trust-proxy", "NETWORK")
            .many(),
            key!(
                YesNo,
                forwarded.trust_unix,
                "trust-unix",
                "Whether whoever comes over a Unix socket is believed in the same way."
            ),
            key!(
                Choice<Believe>,
                forwarded.believe,
                "believe",
                "What of it the proxies write; the rest is made from that: \"x-forwarded\", \
                 \"forwarded\", or \"either\" where they remove what they do not write."
            ),
            key!(
                List<Choice<Told>>,
                forwarded.headers,
                "headers",
                "What workers are told in headers, of \"x-forwarded\", \"forwarded\", \
                 \"x-request-id\" (which responses say too) and \"traceparent\" (where none \
                 comes); each costs a little of every request."
            )
            .like("[\"x-request-id\"]"),
        ],
    },
    Table {
        name: "cors",
        words: "Cross-origin requests. Without this table the hub adds nothing to responses and \
                answers no preflight.",
        keys: &[
            cors!(List<Text>, origins, "origins", "Origins that may, or [\"*\"] for all.")
                .like("[\"https://app.example\"]"),
            cors!(
                List<Text>,
                methods,
                "methods",
                "Methods that they may use; those of the route when empty."
            )
            .like("[\"GET\", \"POST\"]"),
            cors!(List<Text>, headers, "headers", "Headers that they may send.")
                .like("[\"content-type\"]"),
            cors!(List<Text>, expose, "expose", "Headers of responses that scripts may read.")
                .like("[\"x-request-id\"]"),
            cors!(
                YesNo,
                credentials,
                "credentials",
                "Whether cookies and authorization go along; never together with \"*\"."
            )
            .like("false"),
            cors!(
                Maybe<Time>,
                max_age,
                "max-age",
                "How long a browser may keep the answer to a preflight, or \"none\"."
            )
            .like("\"1h\""),
        ],
    },
    Table {
        name: "compression",
        words: "Compression of responses that are not compressed yet.",
        keys: &[
            key!(YesNo, compression.enabled, "enabled", "Whether it is done at all.")
                .flag(Heading::Requests, "compression", "BOOL")
                .switch(),
            key!(
                Bytes<u16>,
                compression.min_bytes,
                "min-bytes",
                "Responses that are shorter stay as they are."
            ),
            key!(
                Count<u32>,
                compression.streams,
                "streams",
                "Responses that are compressed at a time, each in less than 1M of memory; \
                 further ones stay as they are."
            ),
        ],
    },
    EVENTS,
    QUEUES,
    Table {
        name: "log",
        words: "Logs, on standard error.",
        keys: &[
            key!(Text, log.filter, "filter", "What is logged, as in \"info,slotway_hub=debug\".")
                .flag(Heading::Logs, "log", "FILTER"),
            key!(
                Choice<LogFormat>,
                log.format,
                "format",
                "How: \"text\" for people, \"json\" for programs."
            )
            .fixed()
            .flag(Heading::Logs, "log-format", "FORMAT"),
            key!(YesNo, log.access, "access", "Whether each request gets a line.")
                .flag(Heading::Logs, "access-log", "BOOL")
                .switch(),
        ],
    },
    Table {
        name: "telemetry",
        words: "OpenTelemetry export, where the hub was built with the feature otel.",
        keys: &[key!(
            Maybe<Text>,
            telemetry.endpoint,
            "endpoint",
            "The collector (OTLP over HTTP), or \"none\"."
        )
        .like("\"http://127.0.0.1:4318\"")
        .fixed()],
    },
];
