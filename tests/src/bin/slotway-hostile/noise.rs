//! A control socket that hears what it should not.

use std::os::fd::AsFd;

use serde_json::json;
use slotway_tests::Rng;
use slotway_tests::control::{Control, frame, hello, register};

fn random(rng: &mut Rng, most: u64) -> Vec<u8> {
    (0..rng.below(most) + 1).map(|_| rng.next_u64() as u8).collect()
}

/// Frames that are none, until the hub has had enough. Gives whether it had.
pub(super) fn frames(control: &mut Control, rng: &mut Rng) -> bool {
    for _ in 0..rng.below(40) + 1 {
        let sent = match rng.below(9) {
            0 => control.try_send(&random(rng, 2000)),
            1 => control.try_send(&frame(&random(rng, 2000))),
            // A length that nobody would send, or that is never kept.
            2 => control.try_send(&(rng.next_u64() as u32).to_le_bytes()),
            3 => control.try_send(&[&4_000_000_u32.to_le_bytes()[..], &random(rng, 9000)].concat()),
            4 => control.try_send(&frame(&vec![b'['; rng.below(100_000) as usize + 1])),
            5 => {
                let text = hello().to_string();
                let mut bytes = text.into_bytes();
                let at = rng.below(bytes.len() as u64) as usize;
                bytes[at] ^= 1 << rng.below(8);
                control.try_send(&frame(&bytes))
            }
            6 => {
                let kind = ["hello", "drain", "unregister", "heartbeat", "welcome", "refused"];
                let kind = kind[rng.below(6) as usize];
                let id = rng.next_u64();
                control.try_send(&frame(json!({ "kind": kind, "id": id }).to_string().as_bytes()))
            }
            7 => {
                // Descriptors, which the hub has no use for and must not keep.
                let file = std::fs::File::open("/dev/null").expect("a descriptor");
                let fds = [file.as_fd(); 8];
                control.send_with(&frame(br#"{"kind":"heartbeat","seq":1}"#), &fds)
            }
            _ => control.try_send(&frame(br#"{"kind":"heartbeat","seq":2}"#).repeat(100)),
        };
        if !sent || control.is_ended() {
            return true;
        }
    }
    control.is_ended()
}

/// Registrations, thousands of them, of all sorts.
pub(super) fn registrations(control: &mut Control, rng: &mut Rng) -> bool {
    for id in 0..rng.below(2000) as u32 {
        let name = match rng.below(4) {
            0 => "hostile".to_owned(),
            1 => "x".repeat(rng.below(3000) as usize),
            2 => String::from_utf8_lossy(&random(rng, 40)).into_owned(),
            _ => format!("hostile-{id}"),
        };
        let pattern = match rng.below(4) {
            0 => format!("/hostile-{id}/{{a}}/{{*rest}}"),
            1 => "/".repeat(rng.below(500) as usize),
            2 => format!("/{{{}", String::from_utf8_lossy(&random(rng, 20))),
            _ => format!("/hostile-{id}"),
        };
        let patterns = vec![pattern.as_str(); rng.below(5) as usize];
        let message = register(id, &name, &patterns).to_string();
        if !control.try_send(&frame(message.as_bytes())) || control.is_ended() {
            return true;
        }
    }
    control.is_ended()
}
