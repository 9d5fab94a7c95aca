//! Loads: `wrk`, with a script that prints what it counted.

use std::io;
use std::process::{Command, Stdio};

use super::{Folder, Server};
use crate::cpu::CpuClocks;

/// What the script prints its numbers behind.
const MARKER: &str = "slotway-bench:";

/// The end of every script. wrk's own text rounds, and leaves out how many bytes came.
const DONE: &str = r#"
done = function(summary, latency)
  local e = summary.errors
  io.write(string.format("slotway-bench: %d %d %d %d %d %d %d %d %.3f %.3f\n",
    summary.requests, summary.duration, summary.bytes,
    e.connect, e.read, e.write, e.status, e.timeout,
    latency:percentile(50), latency:percentile(99)))
end
"#;

/// What clients ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Request {
    /// GET of a path.
    Get(&'static str),
    /// POST of so many bytes to `/echo`, which come back.
    Echo(usize),
    /// POST of so many bytes of JSON to `/echo`, which come back.
    Json(usize),
    /// GET of `/route/N/world` for every N below, in turn.
    Routes(usize),
}

impl Request {
    pub(crate) fn path(self) -> &'static str {
        match self {
            Request::Get(path) => path,
            Request::Echo(_) | Request::Json(_) => "/echo",
            Request::Routes(_) => "/route/0/world",
        }
    }

    /// Bytes that each answer has at least.
    fn bytes(self) -> u64 {
        match self {
            Request::Echo(bytes) | Request::Json(bytes) => bytes as u64,
            Request::Get(_) | Request::Routes(_) => 0,
        }
    }

    fn script(self) -> String {
        match self {
            Request::Get(_) => DONE.to_owned(),
            Request::Echo(bytes) => format!(
                "wrk.method = 'POST'\nwrk.body = string.rep('x', {bytes})\n\
                 wrk.headers['content-type'] = 'application/octet-stream'\n{DONE}"
            ),
            // A list of numbers, as much JSON as text can be: a string would be one token.
            Request::Json(bytes) => format!(
                "wrk.method = 'POST'\nwrk.body = '{{\"numbers\":[' .. string.rep('1234567,', \
                 math.ceil({bytes} / 8)) .. '0]}}'\n\
                 wrk.headers['content-type'] = 'application/json'\n{DONE}"
            ),
            // Made once: what is measured is not how fast Lua makes strings. At most some
            // thousands, spread over all.
            Request::Routes(count) => format!(
                "local all, turn = {{}}, 0\ninit = function()\n  local step = math.max(1, \
                 {count} / 4096)\n  for n = 0, {count} - 1, step do\n    all[#all + 1] = \
                 wrk.format('GET', '/route/' .. math.floor(n) .. '/world')\n  end\nend\n\
                 request = function()\n  turn = turn % #all + 1\n  return all[turn]\nend\n{DONE}"
            ),
        }
    }
}

/// One load.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Load {
    pub(crate) request: Request,
    pub(crate) connections: u32,
    pub(crate) seconds: u32,
}

/// What one load gave.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tally {
    pub(crate) per_second: f64,
    pub(crate) p50_us: f64,
    pub(crate) p99_us: f64,
    /// Processor time of all servers for each request.
    pub(crate) cpu_us: f64,
    /// Connections refused or broken, answers that were errors or came too late, and
    /// answers that lacked bytes.
    pub(crate) errors: u64,
}

impl Load {
    /// Loads a server; `servers` are all the processes whose processor time counts.
    pub(crate) fn run(
        self,
        folder: &Folder,
        address: &str,
        servers: &[&Server],
    ) -> io::Result<Tally> {
        let script = folder.path().join("load.lua");
        std::fs::write(&script, self.request.script())?;
        let clocks = servers
            .iter()
            .flat_map(|server| server.pids())
            .try_fold(CpuClocks::default(), CpuClocks::and)?;
        let cpu = clocks.start();
        let output = Command::new("wrk")
            .args(["-t", "1", "-d", &self.seconds.to_string()])
            .args(["-c", &self.connections.to_string(), "-s"])
            .arg(&script)
            .arg(format!("http://{address}{}", self.request.path()))
            .stdin(Stdio::null())
            .output()
            .map_err(|_| io::Error::other("wrk is not here (on Debian: apt install wrk)"))?;
        let cpu_us = cpu.us();
        let text = String::from_utf8_lossy(&output.stdout);
        self.tally(&text, cpu_us).ok_or_else(|| {
            let said = String::from_utf8_lossy(&output.stderr);
            io::Error::other(format!("wrk printed no figures: {text}{said}"))
        })
    }

    fn tally(self, text: &str, cpu_us: f64) -> Option<Tally> {
        let line = text.lines().find_map(|line| line.strip_prefix(MARKER))?;
        let numbers: Vec<f64> =
            line.split_whitespace().map(str::parse).collect::<Result<_, _>>().ok()?;
        let [requests, us, bytes, connect, read, write, status, timeout, p50_us, p99_us] =
            numbers.as_slice()
        else {
            return None;
        };
        let short = *bytes < *requests * self.request.bytes() as f64;
        let errors = connect + read + write + status + timeout + f64::from(u8::from(short));
        Some(Tally {
            per_second: requests * 1e6 / us,
            p50_us: *p50_us,
            p99_us: *p99_us,
            cpu_us: cpu_us / requests.max(1.0),
            errors: errors as u64,
        })
    }
}

#[cfg(test)]
mod tests;
