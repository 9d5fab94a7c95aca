//! The program and its configuration: `--config`, `--check`, `--print-config`, `slotway init`.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};
use std::sync::atomic::{AtomicU32, Ordering};

/// A directory that goes with its test.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Scratch {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("slotway-configuration-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir(&path).unwrap();
        Scratch(path)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.0.join(name), text).unwrap();
    }

    /// Runs the program in this directory and an empty environment.
    fn slotway(&self, args: &[&str], environment: &[(&str, &str)]) -> Said {
        let mut command = Command::new(env!("CARGO_BIN_EXE_slotway"));
        command.env_clear().envs(environment.iter().copied()).args(args).current_dir(&self.0);
        let Output { status, stdout, stderr } = command.output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Said { code: status.code(), out: text(stdout), err: text(stderr) }
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[derive(Debug)]
struct Said {
    code: Option<i32>,
    out: String,
    err: String,
}

#[test]
fn init_writes_a_file_that_the_hub_takes_and_writes_over_none() {
    let scratch = Scratch::new();
    let said = scratch.slotway(&["init"], &[]);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(said.out.contains("slotway hub --config slotway.toml"), "{said:?}");
    let said = scratch.slotway(&["hub", "-c", "slotway.toml", "--check"], &[]);
    assert_eq!((said.code, said.err.as_str()), (Some(0), ""), "{said:?}");
    assert!(said.out.starts_with("ok: 0 keys from slotway.toml"), "{said:?}");

    let said = scratch.slotway(&["init"], &[]);
    assert_eq!(said.code, Some(1));
    assert!(said.err.contains("slotway.toml is there already") && said.err.contains("--force"));
    scratch.write("other.toml", "x");
    assert_eq!(scratch.slotway(&["init", "other.toml", "--force"], &[]).code, Some(0));
    let text = |name| fs::read_to_string(scratch.0.join(name)).unwrap();
    assert_eq!(text("other.toml"), text("slotway.toml"));
}

#[test]
fn check_says_where_the_values_come_from_or_everything_that_is_wrong() {
    let scratch = Scratch::new();
    scratch.write("good.toml", "listen = [\"127.0.0.1:0\"]\n[timeouts]\nwait = \"1s\"\n");
    let said = scratch.slotway(
        &["hub", "--check", "--config", "good.toml", "--access-log", "--waiters=5"],
        &[("SLOTWAY_GRACE", "1s")],
    );
    assert_eq!(said.code, Some(0), "{said:?}");
    assert_eq!(
        said.out,
        "ok: 2 keys from good.toml, then --access-log, --waiters, SLOTWAY_GRACE, everything else \
         by default\n"
    );

    scratch.write("bad.toml", "[timeouts]\nwait = 1\n[limits]\nwaiter = 3\n");
    let said = scratch
        .slotway(&["hub", "--check"], &[("SLOTWAY_CONFIG", "bad.toml"), ("SLOTWAY_GRACE", "soon")]);
    assert_eq!(said.code, Some(2), "{said:?}");
    assert_eq!(
        said.err,
        "bad.toml:2:8: timeouts.wait: 1 has no unit; write \"1s\", or ms, m or h\n  \
           2 | wait = 1\n    |        ^\n\
         bad.toml:4:1: limits.waiter: there is no such key; write \"waiters\"\n  \
           4 | waiter = 3\n    | ^^^^^^\n\
         SLOTWAY_GRACE: \"soon\" is no length of time; write one as in 10s\n"
    );
    assert_eq!(said.out, "");
}

#[test]
fn check_opens_the_files_that_are_named() {
    let scratch = Scratch::new();
    scratch.write(
        "slotway.toml",
        "[[listen]]\naddress = \"127.0.0.1:0\"\ncertificate = \"cert.pem\"\nkey = \"key.pem\"\n\
         [admin]\nlisten = \"127.0.0.1:0\"\ntoken-file = \"token\"\n",
    );
    let said = scratch.slotway(&["hub", "--check", "-c", "slotway.toml"], &[]);
    assert_eq!(said.code, Some(2), "{said:?}");
    for place in [
        "slotway.toml:3:15: listen[0].certificate: cannot use cert.pem",
        "slotway.toml:7:14: admin.token-file: the token file token cannot be read",
    ] {
        assert!(said.err.contains(place), "{place}\n{}", said.err);
    }
}

#[test]
fn what_is_printed_can_be_used_as_a_file() {
    let scratch = Scratch::new();
    scratch.write("slotway.toml", "[timeouts]\nwait = \"1500ms\"\n[[route]]\npattern = \"/a\"\n");
    let environment = [("SLOTWAY_REQUIRE", "a,b")];
    let said = scratch
        .slotway(&["hub", "-c", "slotway.toml", "--print-config", "--spool=1M"], &environment);
    assert_eq!(said.code, Some(0), "{said:?}");
    let has = |line: &str, source: &str| {
        let found = said.out.lines().find(|known| known.starts_with(line));
        assert!(found.is_some_and(|known| known.ends_with(source)), "{line}\n{}", said.out);
    };
    has("wait = \"1500ms\"", "# slotway.toml:2");
    has("require = [\"a\", \"b\"]", "# SLOTWAY_REQUIRE");
    has("spool-bytes = \"1M\"", "# --spool");
    has("request = \"30s\"", "# default");

    scratch.write("printed.toml", &said.out);
    let again = scratch.slotway(&["hub", "-c", "printed.toml", "--print-config"], &[]);
    let values = |text: &str| -> Vec<String> {
        text.lines().map(|line| line.split(" # ").next().unwrap().trim_end().to_owned()).collect()
    };
    assert_eq!(values(&said.out), values(&again.out));
}

#[test]
fn an_unknown_flag_is_told_with_the_nearest_one() {
    let scratch = Scratch::new();
    let said = scratch.slotway(&["hub", "--wait-timeot", "1s"], &[]);
    assert_eq!(said.code, Some(2));
    assert!(said.err.contains("--wait-timeout"), "{said:?}");
}
