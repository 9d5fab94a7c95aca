use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};

use super::{CONNECTIONS, Census, REQUESTS};

/// Serves connections, each with what `reply` makes of a request's line.
fn serve(reply: fn(&str) -> Option<String>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for socket in listener.incoming().flatten() {
            std::thread::spawn(move || answer(&socket, reply));
        }
    });
    address
}

fn answer(mut socket: &TcpStream, reply: fn(&str) -> Option<String>) {
    let mut lines = BufReader::new(socket.try_clone().unwrap()).lines().map_while(Result::ok);
    while let Some(line) = lines.next() {
        lines.by_ref().find(String::is_empty);
        let Some(body) = reply(&line) else { return };
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
        if socket.write_all((head + &body).as_bytes()).is_err() {
            return;
        }
    }
}

fn hello(line: &str) -> String {
    let name = line.split(' ').nth(1).unwrap().trim_start_matches("/hello/");
    format!("Hello, {name}!\n")
}

#[test]
fn an_honest_server_is_clean() {
    let census = Census::take(&serve(|line| Some(hello(line))).to_string()).unwrap();
    assert!(census.is_clean());
    assert_eq!(census.asked, (CONNECTIONS * REQUESTS) as u64);
}

#[test]
fn anothers_answer_and_a_broken_connection_are_wrong() {
    let address = serve(|line| match line {
        "GET /hello/3-7 HTTP/1.1" => Some("Hello, 3-6!\n".to_owned()),
        "GET /hello/5-9 HTTP/1.1" => None,
        line => Some(hello(line)),
    });
    let census = Census::take(&address.to_string()).unwrap();
    assert_eq!((census.wrong, census.lost), (2, 0));
}
