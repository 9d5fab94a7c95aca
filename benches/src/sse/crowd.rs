//! Many clients of one stream, on one thread.

use std::io::{self, Read, Write};
use std::net::TcpStream as Blocking;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::runtime::{Builder, Runtime};

/// Stands in each event once, and nowhere else in a stream.
pub(super) const MARK: u8 = b'~';

const PATIENCE: Duration = Duration::from_secs(20);

/// Clients, until it is dropped.
pub(super) struct Crowd {
    pub(super) clients: u64,
    /// Events that they have read, all together.
    read: Arc<AtomicU64>,
    _runtime: Runtime,
}

impl Crowd {
    /// Connects so many, and waits until each is answered.
    pub(super) fn open(address: &str, path: &str, clients: usize) -> io::Result<Crowd> {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_io().build()?;
        let read = Arc::new(AtomicU64::new(0));
        for _ in 0..clients {
            let stream = connect(address, path)?;
            let read = read.clone();
            runtime.spawn(async move {
                let stream = TcpStream::from_std(stream)?;
                let mut bytes = [0; 16 << 10];
                loop {
                    stream.readable().await?;
                    match stream.try_read(&mut bytes) {
                        Ok(0) => return Err(io::Error::from(io::ErrorKind::UnexpectedEof)),
                        Ok(count) => {
                            let marks = bytes[..count].iter().filter(|&&byte| byte == MARK).count();
                            // Relaxed: a count.
                            read.fetch_add(marks as u64, Ordering::Relaxed);
                        }
                        Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                        Err(error) => return io::Result::<()>::Err(error),
                    }
                }
            });
        }
        Ok(Crowd { clients: clients as u64, read, _runtime: runtime })
    }

    /// Events that they have read, all together.
    pub(super) fn read(&self) -> u64 {
        // Relaxed: a count.
        self.read.load(Ordering::Relaxed)
    }
}

fn connect(address: &str, path: &str) -> io::Result<Blocking> {
    let mut stream = Blocking::connect(address)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let request =
        format!("GET {path} HTTP/1.1\r\nhost: {address}\r\naccept: text/event-stream\r\n\r\n");
    stream.write_all(request.as_bytes())?;
    let mut head = Vec::new();
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        let mut bytes = [0; 1024];
        let count = stream.read(&mut bytes)?;
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        head.extend_from_slice(&bytes[..count]);
    }
    if !head.starts_with(b"HTTP/1.1 200") {
        let head = String::from_utf8_lossy(&head).into_owned();
        return Err(io::Error::other(format!("http://{address}{path}: {head}")));
    }
    stream.set_nonblocking(true)?;
    Ok(stream)
}
