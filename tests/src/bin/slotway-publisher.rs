//! Publishes numbered events without a break until it is killed: arguments are the control
//! socket, the topic and the first number. Each event's bytes follow from its number.

use slotway::{Connection, Event, Options};

fn main() {
    let mut args = std::env::args().skip(1);
    let mut next = || args.next().expect("the socket, the topic, the first number");
    let (socket, topic, first) = (next(), next(), next());
    let options = Options::new().hub(socket);
    let connection = Connection::open(options, Vec::new()).expect("a hub that is there");
    let publisher = connection.publisher();
    for number in first.parse::<u64>().expect("a number").. {
        let mut payload = number.to_le_bytes().to_vec();
        payload.resize(number as usize % 3000 + 8, number as u8);
        publisher.publish(&Event::new(&topic).payload(&payload)).expect("a hub that reads");
    }
}
