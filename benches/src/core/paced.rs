//! What waiting costs when little happens: one exchange, then a pause.
//!
//! Back to back, whoever spins always wins. With a pause in between, spinning is paid for
//! all the time and a wake-up only once; the processor time beside the latency shows which.

use std::io;
use std::time::Duration;

use super::cell::{Cell, State};
use super::exchange::Hub;
use crate::cpu::CpuClocks;
use crate::machine::{Placement, pinned};
use crate::measure::{Effort, Sample, p50_spaced};
use crate::progress::Progress;
use crate::report::Report;
use crate::steal;

const EFFORT: Effort = Effort { warm_up: 50, count: 300, limit: Duration::from_millis(400) };
const PAUSES: [(&str, Duration); 2] =
    [("100us", Duration::from_micros(100)), ("1ms", Duration::from_millis(1))];

/// The figures of one placement.
pub(super) fn run(report: &mut Report, placement: Placement) -> io::Result<()> {
    let cell = Cell { placement, payload: 64, depth: 1 };
    for (name, pause) in PAUSES {
        let (mut awake, mut asleep, mut adaptive) = (Vec::new(), Vec::new(), Vec::new());
        let bar = Progress::new(
            &format!("one exchange every {name}, {}", placement.name()),
            report.rounds(),
        );
        for number in 0..report.rounds() {
            bar.show(number);
            if !matches!(placement, Placement::OneCore(_)) {
                awake.push(steal::undisturbed(|| round(cell, State::Awake, pause))?);
            }
            asleep.push(steal::undisturbed(|| round(cell, State::Asleep, pause))?);
            adaptive.push(steal::undisturbed(|| round(cell, State::Adaptive, pause))?);
        }
        bar.done();
        let what = format!("{}, adaptive, 64 B, every {name}", placement.name());
        let figure = |reference: &str| {
            let least = cell.name(State::Adaptive, reference);
            least.replacen("core.", &format!("core.paced{name}."), 1)
        };
        if !awake.is_empty() {
            report.add(&figure("spin"), &what, "us", &adaptive, "always spinning", &awake);
        }
        report.add(&figure("sleep"), &what, "us", &adaptive, "never spinning", &asleep);
    }
    Ok(())
}

fn round(cell: Cell, state: State, pause: Duration) -> io::Result<Sample> {
    let mut hub = Hub::new(cell.payload, state)?;
    let peer = hub.worker(cell)?;
    let clocks = CpuClocks::own()?.and(peer.pid())?;
    pinned(cell.placement.ours(), || {
        p50_spaced(EFFORT, &clocks, pause, || {
            hub.turn(1);
        })
    })
}
