//! Precedence, and what is said about each kind of mistake.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use super::*;
use crate::config::schema::{keys, path};

/// A directory that goes with its test.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Scratch {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("slotway-config-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir(&path).unwrap();
        Scratch(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn load(text: &str) -> Result<Loaded, String> {
    Loaded::of_text("slotway.toml", text)
}

#[track_caller]
fn refused(text: &str, words: &str) {
    assert_eq!(load(text).expect_err("a mistake"), words.trim_start_matches('\n'), "{text}");
}

fn setting(name: &str, text: &str, source: Source) -> Setting {
    let (_, key) = keys().find(|(table, key)| path(table.name, key.name) == name).unwrap();
    Setting { path: name.into(), key, text: text.into(), source }
}

#[test]
fn unknown_keys_are_told_with_the_nearest_known_one() {
    refused(
        "[timeouts]\nwiat = \"1s\"\n",
        r#"
slotway.toml:2:1: timeouts.wiat: there is no such key; write "wait"
  2 | wiat = "1s"
    | ^^^^"#,
    );
    refused(
        "[limits]\nhead_bytes = \"64K\"",
        r#"
slotway.toml:2:1: limits.head_bytes: there is no such key; write "head-bytes"
  2 | head_bytes = "64K"
    | ^^^^^^^^^^"#,
    );
    refused(
        "[limits]\ninterval = \"1s\"",
        r#"
slotway.toml:2:1: limits.interval: there is no such key here; "interval" belongs in [health]
  2 | interval = "1s"
    | ^^^^^^^^"#,
    );
    refused(
        "[telemetry]\nxyzzy = 1",
        r#"
slotway.toml:2:1: telemetry.xyzzy: there is no such key; [telemetry] has endpoint
  2 | xyzzy = 1
    | ^^^^^"#,
    );
    refused(
        "require = [\"a\"]",
        r#"
slotway.toml:1:1: require: there is no such key here; "require" belongs in [health]
  1 | require = ["a"]
    | ^^^^^^^"#,
    );
    refused(
        "[timeout]\nwait = \"1s\"",
        r#"
slotway.toml:1:2: timeout: there is no such table; write [timeouts]
  1 | [timeout]
    |  ^^^^^^^"#,
    );
    refused(
        "[[routes]]\npattern = \"/a\"",
        r#"
slotway.toml:1:3: routes: there is no such table; write [[route]]
  1 | [[routes]]
    |   ^^^^^^"#,
    );
    refused(
        "[[listen]]\naddress = \"127.0.0.1:1\"\ncert = \"x\"",
        r#"
slotway.toml:3:1: listen[0].cert: there is no such key; write "certificate"
  3 | cert = "x"
    | ^^^^"#,
    );
}

#[test]
fn values_of_another_kind_are_told_with_one_that_fits() {
    refused(
        "[timeouts]\nwait = 10",
        r#"
slotway.toml:2:8: timeouts.wait: 10 has no unit; write "10s", or ms, m or h
  2 | wait = 10
    |        ^^"#,
    );
    refused(
        "[timeouts]\nwait = true",
        r#"
slotway.toml:2:8: timeouts.wait: true is no length of time; write one as in "10s"
  2 | wait = true
    |        ^^^^"#,
    );
    refused(
        "[limits]\nwaiters = \"100\"",
        r#"
slotway.toml:2:11: limits.waiters: "100" is text; write 100, without quotation marks
  2 | waiters = "100"
    |           ^^^^^"#,
    );
    refused(
        "[limits]\nwaiters = \"many\"",
        r#"
slotway.toml:2:11: limits.waiters: "many" is no whole number; write one as in 1024
  2 | waiters = "many"
    |           ^^^^^^"#,
    );
    refused(
        "[health]\nrequire = \"a\"",
        r#"
slotway.toml:2:11: health.require: "a" is no list; write it in brackets: ["a"]
  2 | require = "a"
    |           ^^^"#,
    );
    refused(
        "[log]\naccess = \"true\"\nformat = \"xml\"",
        r#"
slotway.toml:2:10: log.access: "true" is text; write true, without quotation marks
  2 | access = "true"
    |          ^^^^^^
slotway.toml:3:10: log.format: "xml" is unknown; write "text" or "json"
  3 | format = "xml"
    |          ^^^^^"#,
    );
    refused(
        "timeouts = 3",
        r#"
slotway.toml:1:12: timeouts: 3 is no table; write [timeouts]
  1 | timeouts = 3
    |            ^"#,
    );
    refused(
        "listen = 8080",
        r#"
slotway.toml:1:10: listen: 8080 is no list; write listen = ["127.0.0.1:8080"], or a table [[listen]]
  1 | listen = 8080
    |          ^^^^"#,
    );
    refused(
        "[route]\npattern = \"/a\"",
        r#"
slotway.toml:1:1: route: a table is no list; write a table [[route]] for each
  1 | [route]
    | ^^^^^^^"#,
    );
}

#[test]
fn values_out_of_range_are_told_with_the_range() {
    refused(
        "[limits]\nwaiters = 0",
        r#"
slotway.toml:2:11: limits.waiters: 0 is too low; write 1 or more
  2 | waiters = 0
    |           ^"#,
    );
    refused(
        "[limits]\nwaiters = -3",
        r#"
slotway.toml:2:11: limits.waiters: -3 is below 0; write 0 or more
  2 | waiters = -3
    |           ^^"#,
    );
    refused(
        "[compression]\nmin-bytes = 70_000",
        r#"
slotway.toml:2:13: compression.min-bytes: 70000 is too high; write 65535 or less
  2 | min-bytes = 70_000
    |             ^^^^^^"#,
    );
    refused(
        "[timeouts]\nidle = \"0s\"",
        r#"
slotway.toml:2:8: timeouts.idle: 0 is no time at all; write a longer one, as in "10s"
  2 | idle = "0s"
    |        ^^^^"#,
    );
    refused(
        "[workers]\nrequest-bytes = 1000",
        r#"
slotway.toml:2:17: workers.request-bytes: request_bytes is 1000; choose a power of two from 4096 to 16777216
  2 | request-bytes = 1000
    |                 ^^^^"#,
    );
}

#[test]
fn times_sizes_addresses_methods_patterns_and_names_are_told_as_they_should_be() {
    refused(
        "[timeouts]\nwait = \"5 days\"",
        r#"
slotway.toml:2:8: timeouts.wait: "days" is no unit of time; write ms, s, m or h, as in 10s
  2 | wait = "5 days"
    |        ^^^^^^^^"#,
    );
    refused(
        "[limits]\nbody-bytes = \"1T\"",
        r#"
slotway.toml:2:14: limits.body-bytes: "T" is no unit of size; write K, M or G, as in 64K
  2 | body-bytes = "1T"
    |              ^^^^"#,
    );
    refused(
        "listen = [\"127.0.0.1:8080\", \"localhost\"]",
        r#"
slotway.toml:1:29: listen[1]: "localhost" is no address; write one as in "127.0.0.1:8080", "unix:/run/app.sock" or "fd:NAME"
  1 | listen = ["127.0.0.1:8080", "localhost"]
    |                             ^^^^^^^^^^^"#,
    );
    refused(
        "[forwarded]\ntrust = [\"10.0.0.0/99\"]",
        r#"
slotway.toml:2:10: forwarded.trust[0]: "10.0.0.0/99" is no network; write one as in "10.0.0.0/8"
  2 | trust = ["10.0.0.0/99"]
    |          ^^^^^^^^^^^^^"#,
    );
    refused(
        "[[route]]\npattern = \"/a\"\nmethod = \"get\"\n[[route]]\npattern = \"b/{x\"\n[[route]]\npattern = \"/{x}\"\n[[route]]\npattern = \"/{y}\"",
        r#"
slotway.toml:3:10: route[0].method: "get" is not a method; methods have upper case: GET
  3 | method = "get"
    |          ^^^^^
slotway.toml:5:11: route[1].pattern: "b/{x" does not begin with '/'; put one in front
  5 | pattern = "b/{x"
    |           ^^^^^^
slotway.toml:9:11: route[3].pattern: route[2] is about the same routes and alone would count; make them one
  9 | pattern = "/{y}"
    |           ^^^^^^"#,
    );
    refused(
        "[health]\nrequire = [\n  \"a\",\n  \"a b\",\n]",
        r#"
slotway.toml:4:3: health.require[1]: "a b": the name holds ' '; a name is 1 to 128 letters, digits, '.', '_' or '-' (ASCII)
  4 |   "a b",
    |   ^^^^^"#,
    );
    refused(
        "[cors]\norigins = [\"app.example\"]",
        r#"
slotway.toml:2:12: cors.origins[0]: "app.example" is no origin; write scheme and host alone, as in https://app.example
  2 | origins = ["app.example"]
    |            ^^^^^^^^^^^^^"#,
    );
    refused(
        "[log]\nfilter = \"a=b=c\"",
        r#"
slotway.toml:2:10: log.filter: "a=b=c" does not parse: error parsing level filter: expected one of "off", "error", "warn", "info", "debug", "trace", or a number 0-5; write it as in "info,slotway_hub=debug"
  2 | filter = "a=b=c"
    |          ^^^^^^^"#,
    );
}

#[test]
fn what_is_there_twice_or_missing_or_contradicts_is_told() {
    refused(
        "[log]\naccess = true\naccess = false",
        r#"
slotway.toml:3:1: this is here twice; leave one out
  3 | access = false
    | ^^^^^^"#,
    );
    refused(
        "[log]\n[limits]\n[log]",
        r#"
slotway.toml:3:2: this is here twice; leave one out
  3 | [log]
    |  ^^^"#,
    );
    refused(
        "[[listen]]\naddress = \"127.0.0.1:8443\"\ncertificate = \"c.pem\"",
        r#"
slotway.toml:3:15: listen[0].certificate: there is no key with it; write key = "FILE.pem" too
  3 | certificate = "c.pem"
    |               ^^^^^^^"#,
    );
    refused(
        "[[listen]]\nhttp = \"2\"",
        r#"
slotway.toml:1:1: listen[0]: there is no address; write address = "127.0.0.1:8080"
  1 | [[listen]]
    | ^^^^^^^^^^"#,
    );
    refused(
        "[[route]]\nwait = \"1s\"",
        r#"
slotway.toml:1:1: route[0]: there is no pattern; write pattern = "/reports/{*rest}"
  1 | [[route]]
    | ^^^^^^^^^"#,
    );
    refused(
        "listen = [\"127.0.0.1:80\", \"127.0.0.1:80\"]",
        r#"
slotway.toml:1:27: listen[1].address: 127.0.0.1:80 is there twice; leave one out
  1 | listen = ["127.0.0.1:80", "127.0.0.1:80"]
    |                           ^^^^^^^^^^^^^^"#,
    );
    refused(
        "[admin]\nlisten = \"127.0.0.1:8081\"",
        r#"
slotway.toml:2:10: admin.listen: 127.0.0.1:8081 can be reached by every program of this machine and there is no token; write admin.token-file = "FILE" too, or leave this out
  2 | listen = "127.0.0.1:8081"
    |          ^^^^^^^^^^^^^^^^"#,
    );
    refused(
        "listen = []",
        r#"
slotway.toml:1:1: listen: the hub would listen nowhere; write at least one address
  1 | listen = []
    | ^^^^^^"#,
    );
    refused(
        "[cors]\norigins = [\"*\"]\ncredentials = true",
        r#"
slotway.toml:3:15: cors.credentials: cookies for every origin would let any page act for its visitors; name the origins, or write credentials = false
  3 | credentials = true
    |               ^^^^"#,
    );
    refused(
        "[cors]",
        r#"
slotway.toml:1:2: cors.origins: [cors] lets nobody in; write origins = ["https://app.example"], or leave out [cors]
  1 | [cors]
    |  ^^^^"#,
    );
}

#[test]
fn what_is_not_toml_is_told_at_its_place() {
    refused(
        "[timeouts\nwait = \"1s\"",
        r#"
slotway.toml:1:10: not TOML: unclosed table, expected `]`
  1 | [timeouts
    |          ^"#,
    );
    let words = load("a = \n\tb = = 1\r\n\u{1b} = 2").unwrap_err();
    assert!(words.contains("slotway.toml:1:") && words.contains("slotway.toml:2:"), "{words}");
    assert!(!words.contains(['\t', '\u{1b}', '\r']), "{words:?}");
}

#[test]
fn a_long_line_is_cut() {
    let text = format!("x = [{}]", "1, ".repeat(10_000));
    assert!(load(&text).unwrap_err().len() < 1000);
    let text = format!("[health]\nrequire = [{} \"a b\"]", "\"a\", ".repeat(10_000));
    assert!(load(&text).unwrap_err().len() < 1000);
}

#[test]
fn defaults_come_first_then_the_file_the_environment_and_the_flags() {
    let scratch = Scratch::new();
    let file = scratch.0.join("slotway.toml");
    std::fs::write(
        &file,
        "[timeouts]\nwait = \"1s\"\nrequest = \"1s\"\nidle = \"1s\"\n[health]\nrequire = [\"a\"]\n",
    )
    .unwrap();
    let by = |name: &str| Source::Environment(name.into());
    let given = Given {
        file: Some(file),
        settings: vec![
            setting("timeouts.request", "2s", by("SLOTWAY_REQUEST_TIMEOUT")),
            setting("timeouts.idle", "2s", by("SLOTWAY_IDLE_TIMEOUT")),
            setting("health.require", "b,c", by("SLOTWAY_REQUIRE")),
            setting("timeouts.idle", "3s", Source::Flag("idle-timeout".into())),
        ],
        ..Given::default()
    };
    let loaded = given.load().unwrap();
    let times = &loaded.config.times;
    let seconds = [times.wait, times.request, times.idle, times.grace].map(|time| time.as_secs());
    assert_eq!(seconds, [1, 2, 3, 10]);
    assert_eq!(loaded.config.health.require, ["b", "c"]);
    let from = |key| source(&loaded.sources, key).clone();
    assert_eq!(from("timeouts.wait"), Source::File(2));
    assert_eq!(from("timeouts.idle"), Source::Flag("idle-timeout".into()));
    assert_eq!(from("timeouts.grace"), Source::Default);
    assert_eq!(from("health.require[1]"), by("SLOTWAY_REQUIRE"));
}

#[test]
fn mistakes_of_variables_and_flags_are_told_by_their_names() {
    let given = Given {
        settings: vec![
            setting("timeouts.wait", "soon", Source::Environment("SLOTWAY_WAIT_TIMEOUT".into())),
            setting("limits.waiters", "0", Source::Flag("waiters".into())),
        ],
        listen: Some(("here".into(), Source::Flag("listen".into()))),
        certificate: Some(("c.pem".into(), Source::Flag("tls-cert".into()))),
        ..Given::default()
    };
    let words = given.load().unwrap_err().to_string();
    assert_eq!(words, "\
SLOTWAY_WAIT_TIMEOUT: \"soon\" is no length of time; write one as in 10s
--listen: \"here\" is no address; write one as in \"127.0.0.1:8080\", \"unix:/run/app.sock\" or \"fd:NAME\"
--tls-cert: there is no key with it; name its file with --tls-key too");
    let given = Given {
        settings: vec![setting("limits.waiters", "0", Source::Flag("waiters".into()))],
        ..Given::default()
    };
    assert_eq!(given.load().unwrap_err().to_string(), "--waiters: 0 is too low; write 1 or more");
}

#[test]
fn a_certificate_by_flags_is_for_the_tcp_addresses_that_have_none() {
    let flag = |name: &str| Source::Flag(name.into());
    let given = Given {
        listen: Some(("127.0.0.1:1,unix:/x".into(), flag("listen"))),
        certificate: Some(("c.pem".into(), flag("tls-cert"))),
        key: Some(("k.pem".into(), flag("tls-key"))),
        ..Given::default()
    };
    let loaded = given.load().unwrap();
    let tls = Tls { certificate: "c.pem".into(), key: "k.pem".into() };
    assert_eq!(loaded.config.listen[0].tls, Some(tls));
    assert_eq!(loaded.config.listen[1].tls, None);
    let given = Given { listen: Some(("unix:/x".into(), flag("listen"))), ..given };
    assert!(given.load().unwrap_err().to_string().contains("no listener takes it"));
}

#[test]
fn a_file_that_cannot_be_read_is_named() {
    let scratch = Scratch::new();
    let file = scratch.0.join("slotway.toml");
    let words = || {
        let given = Given { file: Some(file.clone()), ..Given::default() };
        given.load().unwrap_err().to_string()
    };
    assert!(words().contains("slotway.toml: cannot be read: No such file"), "{}", words());
    std::fs::write(&file, b"a = 1\nb = \"\xff\"").unwrap();
    assert!(words().contains("line 2 is not UTF-8"), "{}", words());
    std::fs::write(&file, vec![b'#'; 5 << 20]).unwrap();
    assert!(words().contains("more than 4194304 bytes"), "{}", words());
}

#[test]
fn a_file_with_everything_is_read() {
    let loaded = load(
        r#"
        threads = 3
        [[listen]]
        address = "127.0.0.1:8443"
        certificate = "c.pem"
        key = "k.pem"
        http = "2"
        proxy-protocol = true
        [[listen]]
        address = "unix:/run/x.sock"
        [timeouts]
        wait = "250ms"
        [limits]
        body-bytes = "1G"
        per-client = "none"
        [cors]
        origins = ["https://app.example"]
        max-age = "1h"
        [[route]]
        pattern = "/reports/{*rest}"
        method = "GET"
        request = "5m"
        concurrency = 4
        idempotent = true
        "#,
    );
    let config = loaded.unwrap().config;
    assert_eq!(config.threads, Some(3));
    assert!(config.listen[0].tls.is_some() && config.listen[0].proxy_protocol);
    assert_eq!(config.listen[1], Listen::plain(Address::Unix("/run/x.sock".into())));
    assert_eq!(config.limits.body_bytes, Some(1 << 30));
    assert_eq!(config.cors.unwrap().max_age, Some(Duration::from_secs(3600)));
    assert_eq!(config.routes[0].request, Some(Duration::from_secs(300)));
}
