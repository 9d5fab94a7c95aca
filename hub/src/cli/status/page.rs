//! What `slotway status` prints: the hub in three lines, then the tables.

use std::time::Duration;

use super::model::{Hub, Status};
use super::paint::{Line, Paint, piece, write};
use super::table::Table;
use super::tables::{self, Order};
use super::words::{self, count};

/// All of it.
pub(super) fn page(status: &Status, width: Option<usize>, colours: bool) -> String {
    let mut text = String::new();
    for line in hub(&status.hub) {
        write(&line, colours, &mut text);
    }
    let workers = tables::workers(status, Order::Name);
    let none = workers.rows.is_empty();
    let workers = Some(workers).filter(|_| !none);
    for table in [workers, tables::programs(status), tables::queues(status)].iter().flatten() {
        text.push('\n');
        show(table, width, colours, &mut text);
    }
    if none {
        text.push_str("\nNo worker is connected.\n");
    }
    text
}

fn show(table: &Table, width: Option<usize>, colours: bool, text: &mut String) {
    let layout = table.lay(width);
    write(&layout.head(table), colours, text);
    for row in &table.rows {
        write(&layout.row(table, row), colours, text);
        // A sentence that has no room in its line has the next one.
        if let Some(cut) = layout.cut(row) {
            let mut whole = cut.clone();
            whole.text = format!("  {}", whole.text);
            write(&vec![whole], colours, text);
        }
    }
}

/// The hub in three lines.
pub(in crate::cli) fn hub(hub: &Hub) -> [Line; 3] {
    let ms = |ms| words::ms(ms);
    let plain = |text: String| piece(text, Paint::Plain);
    let uptime = words::span(Duration::from_secs(hub.uptime_s));
    let (paint, health) = health(hub);
    let odd = |odd: bool| if odd { Paint::Odd } else { Paint::Plain };
    [
        vec![
            piece(format!("slotway {}", hub.version), Paint::Head),
            plain(format!("  pid {}  up {uptime}  ", hub.pid)),
            piece(health, paint),
        ],
        vec![
            plain(format!("{} requests/s  ", words::rate(hub.rps))),
            piece(format!("{} errors/s", words::rate(hub.eps)), odd(hub.eps > 0.0)),
            plain(format!("  p50 {}  p99 {}", ms(hub.ms.p50), ms(hub.ms.p99))),
        ],
        vec![
            plain(format!("{} in flight  ", hub.in_flight)),
            piece(format!("{} waiting", hub.waiting), odd(hub.waiting > 0)),
            plain(format!(
                "  {}  {:.0} % of a core  {}",
                count(hub.connections, "connection", "connections"),
                hub.cpu,
                words::bytes(hub.rss),
            )),
        ],
    ]
}

/// The hub's health, in words.
pub(in crate::cli) fn health(hub: &Hub) -> (Paint, String) {
    match (hub.health.as_str(), hub.missing.is_empty()) {
        ("ok", _) => (Paint::Good, "healthy".to_owned()),
        ("", _) => (Paint::Plain, String::new()),
        (_, false) => {
            (Paint::Bad, format!("unavailable: nobody serves {}", hub.missing.join(", ")))
        }
        _ => (Paint::Bad, "unavailable: nobody serves anything".to_owned()),
    }
}
