//! Publishes as fast as clients read.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::thread;
use std::time::{Duration, Instant};

use super::crowd::{Crowd, MARK};
use super::servers::{Form, Server};
use super::{PAYLOAD, WINDOW};

/// How long nobody reads anything before a round has failed.
const PATIENCE: Duration = Duration::from_secs(10);
/// Events of one write at most.
const AT_A_TIME: u64 = 64;

/// A connection of any kind.
trait Wire: Read + Write {}
impl<T: Read + Write> Wire for T {}

/// Publishes for a time; gives deliveries a second.
pub(super) fn publish_for(time: Duration, server: &Server, crowd: &Crowd) -> io::Result<f64> {
    let mut wire = Publisher::open(server)?;
    let payload = format!("{}{}", char::from(MARK), "x".repeat(PAYLOAD - 1));
    let (begin, first) = (Instant::now(), crowd.read());
    let (mut published, mut last) = (0, (first, begin));
    while begin.elapsed() < time {
        let room = room(published, crowd.read() - first, crowd);
        if room == 0 {
            stalled(&mut last, crowd)?;
            thread::sleep(Duration::from_micros(50));
            continue;
        }
        wire.publish(&payload, room.min(AT_A_TIME))?;
        published += room.min(AT_A_TIME);
    }
    let (read, taken) = (crowd.read() - first, begin.elapsed());
    // The next round begins with nothing under way.
    while crowd.read() - first < published * crowd.clients {
        stalled(&mut last, crowd)?;
        thread::sleep(Duration::from_millis(1));
    }
    Ok(read as f64 / taken.as_secs_f64())
}

fn room(published: u64, read: u64, crowd: &Crowd) -> u64 {
    WINDOW.saturating_sub(published - read / crowd.clients)
}

fn stalled(last: &mut (u64, Instant), crowd: &Crowd) -> io::Result<()> {
    let read = crowd.read();
    if read != last.0 {
        *last = (read, Instant::now());
    }
    if last.1.elapsed() > PATIENCE {
        return Err(io::Error::other("an event did not come to everybody"));
    }
    Ok(())
}

struct Publisher<'s> {
    wire: Box<dyn Wire>,
    server: &'s Server,
}

impl<'s> Publisher<'s> {
    fn open(server: &'s Server) -> io::Result<Publisher<'s>> {
        let target = &server.publish;
        let mut wire: Box<dyn Wire> = match &server.form {
            Form::Lines(Some(socket)) => Box::new(UnixStream::connect(socket)?),
            Form::Lines(None) => Box::new(TcpStream::connect(&server.address)?),
            Form::Posts => {
                let wire = TcpStream::connect(&server.address)?;
                // What is answered is not looked at, but has to be taken.
                let mut answers = wire.try_clone()?;
                thread::spawn(move || io::copy(&mut answers, &mut io::sink()));
                Box::new(wire)
            }
        };
        if let Form::Lines(_) = server.form {
            let head = format!(
                "POST {target} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/x-ndjson\
                 \r\ntransfer-encoding: chunked\r\n\r\n"
            );
            wire.write_all(head.as_bytes())?;
        }
        Ok(Publisher { wire, server })
    }

    fn publish(&mut self, payload: &str, count: u64) -> io::Result<()> {
        let count = count as usize;
        let bytes = match self.server.form {
            Form::Lines(_) => {
                let line = format!("{{\"topic\":\"a\",\"data\":\"{payload}\"}}\n").repeat(count);
                format!("{:x}\r\n{line}\r\n", line.len())
            }
            Form::Posts => {
                let target = &self.server.publish;
                let length = payload.len();
                format!(
                    "POST {target} HTTP/1.1\r\nhost: localhost\r\ncontent-length: {length}\r\n\
                     \r\n{payload}"
                )
                .repeat(count)
            }
        };
        self.wire.write_all(bytes.as_bytes())
    }
}
