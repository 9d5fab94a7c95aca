//! Whether every request gets an answer, and its own: a load generator that only counts
//! what came does not see an answer that never does.

use std::fmt;
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

const CONNECTIONS: usize = 32;
const REQUESTS: usize = 200;
/// An answer that takes so long is lost: no request here takes a millisecond to answer.
const LOST_AFTER: Duration = Duration::from_secs(5);

/// What came of the requests of many connections at once.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Census {
    asked: u64,
    /// Answers that were another request's, or errors.
    wrong: u64,
    /// Answers that did not come.
    lost: u64,
}

impl fmt::Display for Census {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Census { asked, wrong, lost } = self;
        write!(
            f,
            "of {asked} requests over {CONNECTIONS} connections {lost} were never answered and \
             {wrong} wrongly"
        )
    }
}

impl Census {
    /// Asks, each time for something else.
    pub(super) fn take(address: &str) -> io::Result<Census> {
        let mut all = Census::default();
        std::thread::scope(|scope| {
            let clients: Vec<_> = (0..CONNECTIONS)
                .map(|client| scope.spawn(move || Census::of_connection(address, client)))
                .collect();
            for client in clients {
                let one = client.join().map_err(|_| io::Error::other("a client panicked"))??;
                all.asked += one.asked;
                all.wrong += one.wrong;
                all.lost += one.lost;
            }
            Ok(all)
        })
    }

    pub(super) fn is_clean(&self) -> bool {
        self.wrong == 0 && self.lost == 0
    }

    fn of_connection(address: &str, client: usize) -> io::Result<Census> {
        let mut census = Census::default();
        let mut socket = connect(address)?;
        for request in 0..REQUESTS {
            let name = format!("{client}-{request}");
            let ask = format!("GET /hello/{name} HTTP/1.1\r\nhost: {address}\r\n\r\n");
            census.asked += 1;
            let wanted = format!("Hello, {name}!\n");
            match socket.write_all(ask.as_bytes()).and_then(|()| answer(&mut socket)) {
                Ok(body) if body == wanted.as_bytes() => continue,
                Err(error) if is_timeout(&error) => census.lost += 1,
                Ok(_) | Err(_) => census.wrong += 1,
            }
            // What is still to come on this one would be taken for the next answer.
            socket = connect(address)?;
            if census.lost > 0 {
                break;
            }
        }
        Ok(census)
    }
}

fn connect(address: &str) -> io::Result<TcpStream> {
    let socket = TcpStream::connect(address)?;
    socket.set_nodelay(true)?;
    socket.set_read_timeout(Some(LOST_AFTER))?;
    Ok(socket)
}

fn is_timeout(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut)
}

/// Reads one answer of 200 with a stated length.
fn answer(socket: &mut TcpStream) -> io::Result<Vec<u8>> {
    let broken = |what: &str| io::Error::new(io::ErrorKind::InvalidData, what.to_owned());
    let mut bytes = Vec::new();
    let head = loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break end + 4;
        }
        more(socket, &mut bytes)?;
    };
    let text = String::from_utf8_lossy(&bytes[..head]).to_ascii_lowercase();
    if !text.starts_with("http/1.1 200") {
        return Err(broken("not 200"));
    }
    let length = text.lines().find_map(|line| line.strip_prefix("content-length:"));
    let length: usize = length
        .and_then(|text| text.trim().parse().ok())
        .ok_or_else(|| broken("no content-length"))?;
    while bytes.len() < head + length {
        more(socket, &mut bytes)?;
    }
    if bytes.len() > head + length {
        return Err(broken("more than one answer"));
    }
    Ok(bytes.split_off(head))
}

fn more(socket: &mut TcpStream, bytes: &mut Vec<u8>) -> io::Result<()> {
    let mut piece = [0; 4096];
    match socket.read(&mut piece)? {
        0 => Err(io::ErrorKind::UnexpectedEof.into()),
        count => {
            bytes.extend_from_slice(&piece[..count]);
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests;
