//! Says hello on the control socket that its argument names, and prints everything that
//! the hub says. It runs as another user, which a test cannot become itself.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;

use slotway_tests::control::{frame, hello};

fn main() {
    let path = std::env::args().nth(1).expect("the control socket's path");
    let mut stream = UnixStream::connect(path).expect("a hub that listens");
    // A hub that hangs up first is as good an answer as any.
    let _ = stream.write_all(&frame(hello().to_string().as_bytes()));
    let mut said = Vec::new();
    let _ = stream.read_to_end(&mut said);
    println!("{}", String::from_utf8_lossy(&said));
}
