use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::config::*;

fn loaded(config: Config) -> Loaded {
    let mut loaded = Loaded::of_text("x", "").unwrap();
    loaded.config = config;
    loaded
}

/// Goal: what is printed says everything, and can be used as a file.
fn any_config() -> impl Strategy<Value = Config> {
    let time = || (0..40_000_000_000u64).prop_map(Duration::from_micros);
    let text = || "\\PC{0,8}";
    let word = || "[a-z./-]{1,8}";
    let list = || prop::collection::vec("\\PC{0,8}", 0..3);
    let address = prop_oneof![
        any::<std::net::SocketAddr>().prop_map(|mut address| {
            // A scope and a flow have no text of their own.
            if let std::net::SocketAddr::V6(v6) = &mut address {
                (*v6) = std::net::SocketAddrV6::new(*v6.ip(), v6.port(), 0, 0);
            }
            Address::Tcp(address)
        }),
        word().prop_map(|path| Address::Unix(path.into())),
        word().prop_map(Address::Passed),
    ];
    let tls = (word(), word())
        .prop_map(|(certificate, key)| Tls { certificate: certificate.into(), key: key.into() });
    let http =
        prop_oneof![Just(HttpVersions::Both), Just(HttpVersions::One), Just(HttpVersions::Two)];
    let listen = (address, prop::option::of(tls), http, any::<bool>()).prop_map(
        |(address, tls, http, proxy_protocol)| Listen {
            tls,
            http,
            proxy_protocol,
            ..Listen::plain(address)
        },
    );
    let rule = (
        (text(), prop::option::of(text()), prop::option::of(text())),
        (prop::option::of(time()), prop::option::of(time()), prop::option::of(time())),
        any::<(Option<u64>, Option<u32>, Option<usize>, Option<bool>)>(),
    )
        .prop_map(|((pattern, host, method), (wait, request, idle), rest)| {
            let (body_bytes, concurrency, waiters, idempotent) = rest;
            RouteRule {
                host,
                method,
                pattern,
                wait,
                request,
                idle,
                body_bytes,
                concurrency,
                waiters,
                idempotent,
            }
        });
    let cors = (list(), list(), any::<bool>(), prop::option::of(time())).prop_map(
        |(origins, headers, credentials, max_age)| Cors {
            origins,
            headers,
            credentials,
            max_age,
            ..Cors::default()
        },
    );
    let admin = prop_oneof![
        Just(AdminSocket::BesideControl),
        Just(AdminSocket::Disabled),
        word().prop_map(|path| AdminSocket::Path(path.into())),
    ];
    (
        (prop::collection::vec(listen, 0..3), prop::collection::vec(rule, 0..3)),
        (prop::option::of(cors), admin, prop::option::of(word()), list()),
        (time(), time(), any::<(Option<u64>, Option<u32>, usize, u16)>()),
        (any::<(Option<usize>, Vec<u32>, u32, bool)>(), text()),
    )
        .prop_map(|((listen, routes), (cors, socket, path, require), limits, others)| {
            let (wait, grace, (body_bytes, per_client, spool_bytes, min_bytes)) = limits;
            let ((threads, allow_uids, misses, access), filter) = others;
            let default = Config::default();
            Config {
                threads,
                listen,
                routes,
                cors,
                control: Control { path: path.map(Into::into), allow_uids },
                admin: Admin { socket, ..default.admin },
                health: Health { require, misses, ..default.health },
                times: Times { wait, grace, ..default.times },
                limits: Limits { body_bytes, per_client, spool_bytes, ..default.limits },
                compression: Compression { min_bytes, ..default.compression },
                log: Log { filter, access, format: LogFormat::Json },
                ..default
            }
        })
}

proptest! {
    #[test]
    fn what_is_printed_reads_back_as_the_same(config in any_config()) {
        let text = loaded(config.clone()).print();
        let read = Loaded::unchecked(&text);
        prop_assert_eq!(read.as_ref().map(|it| &it.config), Ok(&config), "{}", text);
    }
}

#[test]
fn each_value_stands_with_its_source() {
    let text = "[timeouts]\nwait = \"1s\"\n[[listen]]\naddress = \"127.0.0.1:1\"\nhttp = \"2\"\n";
    let mut loaded = Loaded::of_text("slotway.toml", text).unwrap();
    loaded
        .sources
        .insert("timeouts.idle".into(), Source::Environment("SLOTWAY_IDLE_TIMEOUT".into()));
    loaded.sources.insert("limits.waiters".into(), Source::Flag("waiters".into()));
    let printed = loaded.print();
    for line in [
        "wait = \"1s\"                                 # slotway.toml:2",
        "idle = \"1m\"                                 # SLOTWAY_IDLE_TIMEOUT",
        "waiters = 1024                              # --waiters",
        "request = \"30s\"                             # default",
        "http = \"2\"                                  # slotway.toml:5",
        "# threads: half as many as processors       # default",
    ] {
        assert!(printed.lines().any(|known| known == line), "{line}\n{printed}");
    }
}
