//! A worker that calls another through the hub, beside one exchange of the hub as an HTTP
//! client has it.
//!
//! The call goes through memory to the hub, through memory to the other worker, and both ways
//! back: two exchanges. The HTTP request is one exchange and a loopback connection. Both are
//! answered by the same worker, one at a time; then calls with 64 under way.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::process::Command;
use std::time::{Duration, Instant};

use slotway::{Call, Caller, Connection, Options};

use crate::measure::Sample;
use crate::progress::Progress;
use crate::report::Report;
use crate::rig::{Folder, Hub, built};
use crate::steal;

const ROUND: Duration = Duration::from_secs(2);
const WARM_UP: Duration = Duration::from_millis(500);
/// How long the worker may take to be there.
const START: Duration = Duration::from_secs(10);
const PAYLOAD: [u8; 64] = [b'x'; 64];
/// Calls that are under way together.
const DEPTH: usize = 64;

/// The figures.
pub(crate) fn run(report: &mut Report) -> io::Result<()> {
    let folder = Folder::new()?;
    let hub = Hub::start(&folder, "calls", &[])?;
    let _worker = hub.worker(&mut Command::new(built("bench-worker")?))?;
    let options = Options::new().hub(hub.control());
    let connection = Connection::open(options, Vec::new()).map_err(io::Error::other)?;
    let caller = connection.caller();
    let address = hub.address.trim_start_matches("http://");
    let mut client = TcpStream::connect(address.trim_end_matches('/'))?;
    client.set_nodelay(true)?;
    let begun = Instant::now();
    // Until the worker is there.
    while call(&caller).is_err() && begun.elapsed() < START {
        std::thread::sleep(Duration::from_millis(10));
    }
    one_by_one(WARM_UP, || call(&caller))?;
    one_by_one(WARM_UP, || exchange(&mut client))?;
    let (mut calls, mut exchanges, mut rates) = (Vec::new(), Vec::new(), Vec::new());
    let bar = Progress::new("calls between workers", report.rounds());
    for round in 0..report.rounds() {
        bar.show(round);
        let p50 = steal::undisturbed(|| one_by_one(ROUND, || call(&caller)))?;
        calls.push(Sample::of(p50));
        let p50 = steal::undisturbed(|| one_by_one(ROUND, || exchange(&mut client)))?;
        exchanges.push(Sample::of(p50));
        let rate = steal::undisturbed(|| together(ROUND, &caller))?;
        rates.push(Sample::of(rate));
    }
    bar.done();
    let what = "a call from worker to worker, p50";
    report.add("calls.p50.vs_exchange", what, "us", &calls, "HTTP exchange", &exchanges);
    report.add_alone("calls.d64.rate", "calls, 64 under way", "calls/s", &rates);
    Ok(())
}

/// The median time of a step, in microseconds.
fn one_by_one(time: Duration, mut step: impl FnMut() -> io::Result<()>) -> io::Result<f64> {
    let mut times = Vec::new();
    let begun = Instant::now();
    while begun.elapsed() < time {
        let at = Instant::now();
        step()?;
        times.push(at.elapsed());
    }
    times.sort_unstable();
    Ok(times[times.len() / 2].as_secs_f64() * 1e6)
}

fn call(caller: &Caller) -> io::Result<()> {
    let reply =
        caller.call(&Call::new("bench/echo", "echo", &PAYLOAD)).map_err(io::Error::other)?;
    if reply.body() == PAYLOAD { Ok(()) } else { Err(io::Error::other("another's answer")) }
}

/// Calls for a while, always so many under way; gives how many were answered in a second.
fn together(time: Duration, caller: &Caller) -> io::Result<f64> {
    let begin = || {
        let call = Call::new("bench/echo", "echo", &PAYLOAD);
        caller.begin(&call, None).map_err(io::Error::other)
    };
    let mut under_way = (0..DEPTH).map(|_| begin()).collect::<io::Result<Vec<_>>>()?;
    let (begun, mut answered) = (Instant::now(), 0_u64);
    while begun.elapsed() < time {
        for calling in &mut under_way {
            let reply = calling.wait(None).map_err(io::Error::other)?;
            reply.ok_or_else(|| io::Error::other("no answer"))?;
            answered += 1;
            *calling = begin()?;
        }
    }
    Ok(answered as f64 / begun.elapsed().as_secs_f64())
}

fn exchange(client: &mut TcpStream) -> io::Result<()> {
    const HEAD: &[u8] = b"POST /echo HTTP/1.1\r\nhost: bench\r\ncontent-length: 64\r\n\r\n";
    client.write_all(&[HEAD, &PAYLOAD].concat())?;
    let mut answer = [0; 4096];
    let mut length = 0;
    while !answer[..length].ends_with(&PAYLOAD) {
        match client.read(&mut answer[length..])? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            count => length += count,
        }
    }
    Ok(())
}
