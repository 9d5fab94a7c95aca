//! The programs under test: found beside this one, built first if need be.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, OnceLock, PoisonError};

use crate::Flavor;
use crate::hub::clean;

/// The checkout.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ has a parent").to_owned()
}

/// Where cargo puts what it built, for the profile of this program.
pub fn target() -> PathBuf {
    let this = env::current_exe().expect("a path");
    let directory = this.parent().expect("a directory");
    // Tests lie one directory deeper than programs.
    let profile = directory.ends_with("deps").then(|| directory.parent()).flatten();
    profile.unwrap_or(directory).to_owned()
}

fn run(what: &str, command: &mut Command) {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "building {what} failed: {command:?}\n{said}");
}

fn cargo_build(package: &str) {
    cargo_build_of(package, &[]);
}

fn cargo_build_of(package: &str, of: &[&str]) {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root()).args(["build", "--quiet", "--package", package]).args(of);
    if !cfg!(debug_assertions) {
        command.arg("--release");
    }
    // What cargo tells its tests would make it rebuild what is fresh.
    for (name, _) in env::vars_os() {
        if name.to_string_lossy().starts_with("CARGO_PKG_") {
            command.env_remove(name);
        }
    }
    run(package, &mut command);
}

/// Builds everything that cases may start.
pub(crate) fn build() {
    hub();
    worker(Flavor::C);
    worker(Flavor::EventLoop);
    events();
    c_caller();
    c_queue_worker();
}

/// Has the hubs that start from now on be another program, or the usual one again.
pub fn use_hub(program: Option<PathBuf>) {
    *OTHER_HUB.lock().unwrap_or_else(PoisonError::into_inner) = program;
}

static OTHER_HUB: Mutex<Option<PathBuf>> = Mutex::new(None);

/// The program `slotway`: what [`use_hub`] said, `SLOTWAY_TEST_HUB`, else the one that
/// cargo builds.
pub fn hub() -> PathBuf {
    static HUB: OnceLock<PathBuf> = OnceLock::new();
    let usual = HUB.get_or_init(|| match env::var_os("SLOTWAY_TEST_HUB") {
        Some(path) => path.into(),
        None => {
            cargo_build("slotway-hub");
            target().join("slotway")
        }
    });
    let other = OTHER_HUB.lock().unwrap_or_else(PoisonError::into_inner).clone();
    other.unwrap_or_else(|| usual.clone())
}

/// The conformance worker of a flavor.
pub fn worker(flavor: Flavor) -> &'static Path {
    static RUST: OnceLock<PathBuf> = OnceLock::new();
    static C: OnceLock<PathBuf> = OnceLock::new();
    static EVENT_LOOP: OnceLock<PathBuf> = OnceLock::new();
    match flavor {
        // Cargo builds a package's programs before its tests.
        Flavor::Rust => RUST.get_or_init(|| target().join("slotway-rust-worker")),
        Flavor::C => C.get_or_init(|| build_c("worker")),
        Flavor::EventLoop => EVENT_LOOP.get_or_init(|| build_c("event-worker")),
    }
}

/// `c/events.c`, which publishes, subscribes and owns streams, by its first arguments.
pub fn events() -> Command {
    static EVENTS: OnceLock<PathBuf> = OnceLock::new();
    let mut command = Command::new(EVENTS.get_or_init(|| build_c("events")));
    clean(&mut command);
    command
}

/// `c/caller.c`, which calls activities, by its first arguments.
pub fn c_caller() -> Command {
    static CALLER: OnceLock<PathBuf> = OnceLock::new();
    let mut command = Command::new(CALLER.get_or_init(|| build_c("caller")));
    clean(&mut command);
    command
}

/// The example of C that takes activities from the queue `demo/work`; it finds its hub by
/// `SLOTWAY_HUB`.
pub fn c_queue_worker() -> Command {
    static WORKER: OnceLock<PathBuf> = OnceLock::new();
    let source = || root().join("bindings/c/examples/queue.c");
    let mut command = Command::new(WORKER.get_or_init(|| build_c_from("queue", &source())));
    clean(&mut command);
    command
}

/// A program that says hello on the control socket and prints what comes back.
pub fn stranger() -> PathBuf {
    target().join("slotway-stranger")
}

/// A program that publishes until it is killed.
pub fn publisher() -> PathBuf {
    target().join("slotway-publisher")
}

/// An example of the Rust SDK.
pub fn example(name: &str) -> Command {
    cargo_build_of("slotway", &["--example", name]);
    let mut command = Command::new(target().join("examples").join(name));
    clean(&mut command);
    command
}

/// Builds a program of `tests/c` against the library that cargo builds.
fn build_c(name: &str) -> PathBuf {
    build_c_from(name, &root().join(format!("tests/c/{name}.c")))
}

fn build_c_from(name: &str, source: &Path) -> PathBuf {
    cargo_build("slotway-ffi");
    let (root, target) = (root(), target());
    let program = target.join(format!("slotway-c-{name}"));
    // Test programs may build it at the same time, so each under a name of its own.
    let fresh = target.join(format!("slotway-c-{name}.{}", std::process::id()));
    let mut gcc = Command::new(env::var_os("CC").unwrap_or_else(|| "gcc".into()));
    gcc.args(["-std=c11", "-O1", "-g", "-Wall", "-Wextra", "-Werror", "-pedantic", "-pthread"])
        .arg("-I")
        .arg(root.join("include"))
        .arg(source)
        .arg("-o")
        .arg(&fresh)
        .arg(target.join("libslotway.a"))
        .args(["-lgcc_s", "-lutil", "-lrt", "-lpthread", "-lm", "-ldl", "-lc"]);
    run(name, &mut gcc);
    std::fs::rename(&fresh, &program).expect("the same directory");
    program
}
