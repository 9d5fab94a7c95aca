//! What is shown, and what changes it.

use std::collections::VecDeque;

use crossterm::event::KeyEvent;

use super::super::status::model::Status;
use super::super::status::tables::Order;
use super::keys::{Action, action};

/// Seconds that the curves show.
const HISTORY: usize = 240;

/// What the feed tells.
#[derive(Debug)]
pub(super) enum Update {
    /// One look.
    Told(Box<Status>),
    /// There is no hub, and why.
    Gone(String),
}

/// What is shown.
#[derive(Debug)]
pub(super) struct App {
    pub(super) status: Option<Box<Status>>,
    /// Why there is none.
    pub(super) gone: Option<String>,
    pub(super) curves: Curves,
    pub(super) order: Order,
    pub(super) paused: bool,
    pub(super) help: bool,
    pub(super) selected: usize,
    /// The first row of workers that is shown.
    pub(super) offset: usize,
    pub(super) colours: bool,
}

/// The last seconds, oldest first.
#[derive(Debug, Default)]
pub(super) struct Curves {
    /// Requests a second.
    pub(super) rates: VecDeque<f64>,
    /// Milliseconds that 99 % stayed below.
    pub(super) latencies: VecDeque<f64>,
}

impl App {
    pub(super) fn new(colours: bool) -> App {
        App {
            status: None,
            gone: None,
            curves: Curves::default(),
            order: Order::Name,
            paused: false,
            help: false,
            selected: 0,
            offset: 0,
            colours,
        }
    }

    /// Takes what the feed tells.
    pub(super) fn take(&mut self, update: Update) {
        match update {
            Update::Told(_) if self.paused => {}
            Update::Told(status) => {
                self.curves.push(status.hub.rps, status.hub.ms.p99.unwrap_or(0.0));
                (self.status, self.gone) = (Some(status), None);
            }
            Update::Gone(why) => {
                // What a hub has done is no business of the next one.
                (self.status, self.gone) = (None, Some(why));
                self.curves = Curves::default();
                self.paused = false;
            }
        }
    }

    /// A key was pressed. Says whether that was the last one.
    pub(super) fn press(&mut self, key: KeyEvent) -> bool {
        match action(key) {
            Some(Action::Quit) => return true,
            Some(Action::Back) => return !std::mem::take(&mut self.help),
            Some(Action::Help) => self.help = !self.help,
            Some(Action::Sort) => self.order = self.order.next(),
            Some(Action::Pause) => self.paused = !self.paused && self.status.is_some(),
            Some(Action::Up(rows)) => self.selected = self.selected.saturating_sub(rows),
            // Held within what there is when it is drawn.
            Some(Action::Down(rows)) => self.selected = self.selected.saturating_add(rows),
            Some(Action::First) => self.selected = 0,
            Some(Action::Last) => self.selected = usize::MAX,
            None => {}
        }
        false
    }

    /// Brings the selected row among those that there are, and the first one to where the
    /// selected one is seen.
    pub(super) fn scroll(&mut self, rows: usize, visible: usize) {
        self.selected = self.selected.min(rows.saturating_sub(1));
        let lowest = (self.selected + 1).saturating_sub(visible);
        let highest = self.selected.min(rows.saturating_sub(visible));
        self.offset = self.offset.clamp(lowest.min(highest), highest);
    }
}

impl Curves {
    fn push(&mut self, rate: f64, latency: f64) {
        for (curve, value) in [(&mut self.rates, rate), (&mut self.latencies, latency)] {
            if curve.len() == HISTORY {
                curve.pop_front();
            }
            curve.push_back(value);
        }
    }
}
