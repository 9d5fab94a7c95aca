//! HTTP hello through the hub and a C worker, beside plain axum answering by itself.

use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::cpu::CpuClocks;
use crate::measure::Sample;
use crate::progress::Progress;
use crate::report::Report;

/// How long one load lasts.
const SECONDS: &str = "3";
const THREADS: &str = "1";
const STATIC_LIBRARIES: [&str; 6] = ["-lgcc_s", "-lutil", "-lrt", "-lpthread", "-lm", "-ldl"];

/// A process of a measurement; killed when it is dropped.
#[derive(Debug)]
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Server {
    /// Starts a program that prints a line with its address.
    fn start(program: &Path, args: &[&str]) -> io::Result<(Server, String)> {
        let mut child = Command::new(program)
            .args(args)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| in_context(&error, program))?;
        let output = child.stdout.take();
        let server = Server(child);
        let mut lines = BufReader::new(output.ok_or(io::ErrorKind::BrokenPipe)?).lines();
        let address = lines
            .find_map(|line| Some(line.ok()?.split_once("http://")?.1.trim().to_owned()))
            .ok_or_else(|| io::Error::other(format!("{} did not start", program.display())))?;
        // The rest of what it prints is not wanted, but the pipe must not fill up.
        std::thread::spawn(move || lines.for_each(drop));
        Ok((server, address))
    }
}

fn in_context(error: &io::Error, program: &Path) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", program.display()))
}

/// What one load gave.
#[derive(Debug, Clone, Copy)]
struct Load {
    per_second: f64,
    p50_us: f64,
    cpu_us: f64,
}

fn load(address: &str, connections: u32, servers: &[&Server]) -> io::Result<Load> {
    let clocks = servers
        .iter()
        .try_fold(CpuClocks::default(), |clocks, server| clocks.and(server.0.id()))?;
    let cpu = clocks.start();
    let output = Command::new("wrk")
        .args(["--latency", "-t", THREADS, "-d", SECONDS, "-c", &connections.to_string()])
        .arg(format!("http://{address}/hello/world"))
        .output()
        .map_err(|_| io::Error::other("wrk is not here (on Debian: apt install wrk)"))?;
    let cpu = cpu.us();
    let text = String::from_utf8_lossy(&output.stdout);
    let value = |name: &str| {
        let line = text.lines().find(|line| line.trim_start().starts_with(name))?;
        line.split_whitespace().last().map(str::to_owned)
    };
    if let Some(errors) = value("Non-2xx") {
        return Err(io::Error::other(format!("{errors} answers were errors")));
    }
    let parsed = value("Requests/sec:")
        .and_then(|text| text.parse().ok())
        .zip(value("50%").as_deref().and_then(microseconds));
    let (per_second, p50_us) =
        parsed.ok_or_else(|| io::Error::other(format!("wrk printed no figures:\n{text}")))?;
    let seconds: f64 = SECONDS.parse().unwrap_or(1.0);
    Ok(Load { per_second, p50_us, cpu_us: cpu / (per_second * seconds) })
}

/// Reads what wrk prints: `53.00us`, `1.20ms`, `2.00s`.
fn microseconds(text: &str) -> Option<f64> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let scale = match &text[digits.len()..] {
        "us" => 1.0,
        "ms" => 1e3,
        "s" => 1e6,
        _ => return None,
    };
    digits.parse::<f64>().ok().map(|value| value * scale)
}

fn built(name: &str) -> io::Result<PathBuf> {
    Ok(std::env::current_exe()?.with_file_name(name))
}

/// Compiles the C example against the static library.
fn c_worker(folder: &Path) -> io::Result<PathBuf> {
    let worker = folder.join("hello");
    let status = Command::new("gcc")
        .args(["-O2", "-Iinclude", "bindings/c/examples/hello.c", "-o"])
        .arg(&worker)
        .arg(built("libslotway.a")?)
        .args(STATIC_LIBRARIES)
        .status()?;
    if !status.success() {
        return Err(io::Error::other("bindings/c/examples/hello.c did not compile"));
    }
    Ok(worker)
}

/// Waits until the worker's route is open.
fn wait_for_route(address: &str) -> io::Result<()> {
    use std::io::{Read, Write};
    let begin = Instant::now();
    while begin.elapsed() < Duration::from_secs(10) {
        let mut socket = std::net::TcpStream::connect(address)?;
        let request =
            format!("GET /hello/world HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
        socket.write_all(request.as_bytes())?;
        let mut answer = String::new();
        socket.read_to_string(&mut answer)?;
        if answer.starts_with("HTTP/1.1 200") {
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Err(io::Error::other("the worker did not register within 10 s"))
}

/// The figures.
pub(crate) fn run(report: &mut Report) -> io::Result<()> {
    let folder = std::env::temp_dir().join(format!("slotway-bench-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let result = measure(report, &folder);
    let _ = std::fs::remove_dir_all(&folder);
    result
}

fn measure(report: &mut Report, folder: &Path) -> io::Result<()> {
    let socket = folder.join("hub.sock");
    let socket = socket.to_str().ok_or(io::ErrorKind::InvalidInput)?;
    let (hub, ours) = Server::start(
        &built("slotway")?,
        &["hub", "--listen", "127.0.0.1:0", "--control", socket, "--admin", "none"],
    )?;
    let program = c_worker(folder)?;
    let worker = Command::new(&program)
        .env("SLOTWAY_HUB", socket)
        .stdout(Stdio::null())
        .spawn()
        .map(Server)
        .map_err(|error| in_context(&error, &program))?;
    wait_for_route(&ours)?;
    let (axum, theirs) = Server::start(&built("plain-axum")?, &[])?;
    for connections in [32, 1] {
        let (mut slotway, mut plain) = (Vec::new(), Vec::new());
        let bar = Progress::new(&format!("http, {connections} connections"), report.rounds());
        for round in 0..report.rounds() {
            bar.show(round);
            slotway.push(load(&ours, connections, &[&hub, &worker])?);
            plain.push(load(&theirs, connections, &[&axum])?);
        }
        bar.done();
        let pick = |loads: &[Load], value: fn(&Load) -> f64| -> Vec<Sample> {
            loads.iter().map(|load| Sample::new(value(load), load.cpu_us)).collect()
        };
        let mut add = |name: &str, what: &str, unit: &str, value: fn(&Load) -> f64| {
            let (ours, theirs) = (pick(&slotway, value), pick(&plain, value));
            let name = format!("http.hello.c{connections}.{name}");
            let what = format!("GET hello, {connections} conn., {what}");
            report.add(&name, &what, unit, &ours, "plain axum", &theirs);
        };
        add("vs_axum", "rate", "req/s", |load| load.per_second);
        add("p50", "p50", "us", |load| load.p50_us);
        add("cpu", "CPU/request", "us", |load| load.cpu_us);
    }
    Ok(())
}
