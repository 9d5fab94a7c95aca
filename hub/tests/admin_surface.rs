//! Who can reach the admin surface, and who cannot.

mod common;

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use common::{Client, Reply, Rig, Worker};
use slotway_hub::{Config, Hub, HubError};

const TOKEN: &str = "a-token-that-nobody-guesses-0123456789";

/// Everything that the admin surface has.
const PATHS: [&str; 7] = [
    "/internal/workers",
    "/internal/slots",
    "/internal/routes",
    "/internal/stream",
    "/metrics",
    "/dashboard",
    "/",
];

/// What wants the token.
fn guarded() -> impl Iterator<Item = &'static str> {
    PATHS.into_iter().filter(|path| !["/", "/dashboard"].contains(path))
}

fn token_file(mode: u32) -> PathBuf {
    use std::sync::atomic::{AtomicU32, Ordering};
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let name = format!("slotway-admin-token-{}-{number}", std::process::id());
    let path = std::env::temp_dir().join(name);
    fs::write(&path, format!("{TOKEN}\n")).unwrap();
    fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
    path
}

/// A hub whose admin surface is on TCP as well.
fn rig() -> Rig {
    let path = token_file(0o600);
    let rig = Rig::with(|config| {
        config.admin.listen = Some("127.0.0.1:0".parse().unwrap());
        config.admin.token_file = Some(path.clone());
    });
    fs::remove_file(path).unwrap();
    rig
}

fn tcp(rig: &Rig) -> Client {
    Client::connect(rig.hub().admin_address().unwrap()).host("127.0.0.1")
}

fn bearer() -> String {
    format!("authorization: Bearer {TOKEN}\r\n")
}

/// Only the head: a stream has no end.
fn status(mut client: Client, method: &str, path: &str, headers: &str) -> Reply {
    client.send(method, path, headers, b"");
    client.head()
}

/// Goal: the public port knows nothing of the admin surface, with or without the token.
#[test]
fn h17_nothing_of_the_admin_surface_is_on_the_public_port() {
    let rig = rig();
    for path in PATHS {
        for headers in [String::new(), bearer()] {
            let reply = rig.client().request("GET", path, &headers, b"");
            assert_eq!((reply.status, reply.code().as_str()), (404, "no_route"), "{path}");
        }
    }
}

/// Goal: over TCP everything that says anything wants the token.
#[test]
fn h17_over_tcp_the_token_is_wanted() {
    let rig = rig();
    let wrong = [
        String::new(),
        "authorization: Bearer\r\n".to_owned(),
        format!("authorization: Bearer {TOKEN}x\r\n"),
        format!("authorization: Basic {TOKEN}\r\n"),
        format!("cookie: token={TOKEN}\r\n"),
    ];
    for path in guarded() {
        for headers in &wrong {
            let reply = tcp(&rig).request("GET", path, headers, b"");
            assert_eq!((reply.status, reply.code().as_str()), (401, "unauthorized"), "{path}");
            let challenge = reply.header("www-authenticate").unwrap();
            assert!(challenge.starts_with("Bearer"), "{challenge}");
        }
        let with_query = format!("{path}?token={TOKEN}");
        assert_eq!(status(tcp(&rig), "GET", &with_query, "").status, 401, "{path}");
        assert_eq!(status(tcp(&rig), "GET", path, &bearer()).status, 200, "{path}");
    }
    assert_eq!(status(tcp(&rig), "GET", "/nowhere", "").status, 401);
    assert_eq!(status(tcp(&rig), "GET", "/nowhere", &bearer()).status, 404);
}

/// Goal: a browser page of another origin can call nothing, on the socket either (which
/// `ssh -L` can lead a browser to).
#[test]
fn h17_a_page_of_another_origin_can_call_nothing() {
    let rig = rig();
    let socket = || Client::unix(rig.hub().admin_path().unwrap());
    let foreign = [
        "origin: http://evil.example\r\n",
        "origin: null\r\n",
        "origin: http://127.0.0.1:1\r\n",
        "sec-fetch-site: cross-site\r\n",
        "sec-fetch-site: same-site\r\n",
        "sec-fetch-site: cross-site\r\nsec-fetch-mode: no-cors\r\nsec-fetch-dest: script\r\n",
        "host: evil.example\r\n",
        "host: evil.example:9000\r\nsec-fetch-site: same-origin\r\n",
        "host: localhost\r\nhost: evil.example\r\n",
    ];
    for path in PATHS {
        for headers in foreign {
            for method in ["GET", "POST", "OPTIONS"] {
                let with_token = format!("{headers}{}", bearer());
                for reply in [
                    status(socket(), method, path, headers),
                    status(tcp(&rig), method, path, &with_token),
                ] {
                    let refused = matches!(reply.status, 400 | 403);
                    assert!(refused, "{method} {path} with {headers:?}: {reply:?}");
                }
            }
        }
        // A preflight gets no yes, whoever asks.
        let preflight = "access-control-request-method: GET\r\n\
                         access-control-request-headers: authorization\r\n";
        let own = format!("origin: http://127.0.0.1\r\n{preflight}{}", bearer());
        let reply = status(tcp(&rig), "OPTIONS", path, &own);
        assert_eq!(reply.status, 405, "{path}");
        let granted =
            reply.headers.iter().find(|(name, _)| name.starts_with("access-control-allow"));
        assert!(granted.is_none(), "{granted:?}");
    }
}

/// Goal: what only looks is asked by GET and HEAD only, so that no form does anything.
#[test]
fn h17_nothing_changes_by_any_method() {
    let rig = rig();
    for path in PATHS {
        for method in ["POST", "PUT", "DELETE", "PATCH"] {
            let reply = tcp(&rig).request(method, path, &bearer(), b"");
            assert_eq!((reply.status, reply.header("allow")), (405, Some("GET, HEAD")), "{path}");
        }
    }
}

/// Goal: the page says what it may do, and is framed by nobody.
#[test]
fn h17_the_page_comes_with_a_strict_policy() {
    let rig = rig();
    let reply = tcp(&rig).get("/");
    assert_eq!(reply.status, 200);
    let policy = reply.header("content-security-policy").unwrap();
    for part in ["default-src 'none'", "script-src 'sha256-", "frame-ancestors 'none'"] {
        assert!(policy.contains(part), "{policy}");
    }
    assert!(!policy.contains("unsafe"), "{policy}");
    assert_eq!(reply.header("x-frame-options"), Some("DENY"));
    assert_eq!(reply.header("cache-control"), Some("no-store"));
    assert!(!reply.text().contains(TOKEN));
    let data = tcp(&rig).request("GET", "/internal/workers", &bearer(), b"");
    assert_eq!(data.header("cross-origin-resource-policy"), Some("same-origin"));
    assert_eq!(data.header("x-content-type-options"), Some("nosniff"));
}

/// Goal: a client that sends the token to the wrong port tells it to no worker.
#[test]
fn h17_the_token_is_never_forwarded_to_a_worker() {
    let rig = rig();
    let _worker = Worker::start(rig.control(), "spy", &[("GET", "/spy")], |request| {
        let seen = request.headers.iter().filter(|(name, _)| name == "authorization");
        let seen: Vec<_> = seen.map(|(_, value)| value.clone()).collect();
        request.answer(200, &[], &seen.join(&b';'));
    });
    let seen = |headers: &str| rig.client().request("GET", "/spy", headers, b"").text().to_owned();
    assert_eq!(seen(&bearer()), "");
    assert_eq!(seen(&format!("authorization: other\r\n{}", bearer())), "");
    assert_eq!(seen("authorization: Bearer of-somebody-else\r\n"), "Bearer of-somebody-else");
}

fn refused(change: impl FnOnce(&mut Config)) -> String {
    let directory = std::env::temp_dir();
    let mut config = Config::default();
    let socket = directory.join(format!("slotway-never-{}", std::process::id()));
    config.control.path = Some(socket);
    config.listen[0].address = "127.0.0.1:0".parse().unwrap();
    change(&mut config);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    match runtime.block_on(Hub::start(config)) {
        Err(error @ HubError::Config(_)) => error.to_string(),
        other => panic!("{other:?}"),
    }
}

/// Goal: a surface that others could use does not start, and the hub says why.
#[test]
fn h17_a_surface_that_is_open_to_others_is_refused() {
    let without = refused(|config| config.admin.listen = Some("127.0.0.1:0".parse().unwrap()));
    assert!(without.contains("admin.token-file"), "{without}");
    let path = token_file(0o644);
    let open = refused(|config| {
        config.admin.listen = Some("127.0.0.1:0".parse().unwrap());
        config.admin.token_file = Some(path.clone());
    });
    assert!(open.contains("0644"), "{open}");
    let remote = refused(|config| {
        config.admin.listen = Some("0.0.0.0:0".parse().unwrap());
        config.admin.token_file = Some(path.clone());
    });
    fs::remove_file(path).unwrap();
    assert!(remote.contains("admin.remote"), "{remote}");
}
