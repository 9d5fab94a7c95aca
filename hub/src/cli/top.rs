//! `slotway top`: a hub and its workers, live.

mod app;
mod feed;
mod keys;
mod screen;
mod view;

use std::io::{self, IsTerminal};
use std::process::ExitCode;

use clap::Args;
use crossterm::event::{Event, EventStream, KeyEventKind};
use futures_util::StreamExt;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

use super::status::paint;
use super::surface::{Failure, Surface, run as run_command};
use app::App;
use screen::Screen;

/// The flags of `slotway top`.
#[derive(Debug, Args)]
pub(super) struct TopArgs {
    #[command(flatten)]
    surface: Surface,
}

/// Shows it until somebody has seen enough. Exit code 0: asked to end; 1: there is no
/// terminal, the hub refuses, or a signal said so.
pub(super) fn run(args: TopArgs) -> ExitCode {
    if !io::stdout().is_terminal() || !io::stdin().is_terminal() {
        return run_command(async {
            let words = "top needs a terminal; `slotway status` prints one look to anywhere";
            Err(Failure::Refused(words.to_owned()))
        });
    }
    run_command(show(args.surface))
}

async fn show(surface: Surface) -> Result<(), Failure> {
    let broken = |error: io::Error| Failure::Broken(format!("the terminal: {error}"));
    // Before the screen is taken: what comes in between would leave it as it is.
    let mut ends = [SignalKind::terminate(), SignalKind::interrupt(), SignalKind::hangup()]
        .map(|kind| signal(kind).map_err(broken));
    let (told, mut updates) = mpsc::channel(1);
    let feed = tokio::spawn(feed::feed(surface, told));
    let mut screen = Screen::take().map_err(broken)?;
    let mut app = App::new(paint::wanted());
    let mut events = EventStream::new();
    let [term, int, hup] = &mut ends;
    let (Ok(term), Ok(int), Ok(hup)) = (term, int, hup) else {
        return Err(Failure::Broken("cannot listen to signals".to_owned()));
    };
    let ended = loop {
        screen.draw(&mut app).map_err(broken)?;
        tokio::select! {
            update = updates.recv() => match update {
                Some(update) => app.take(update),
                // It ends only when the hub refuses for good.
                None => break feed.await.unwrap_or_else(|_| {
                    Err(Failure::Broken("it does not look any more".to_owned()))
                }),
            },
            event = events.next() => match event {
                Some(Ok(Event::Key(key))) if key.kind != KeyEventKind::Release => {
                    if app.press(key) {
                        break Ok(());
                    }
                }
                // A new size is seen when it is drawn.
                Some(Ok(_)) => {}
                Some(Err(error)) => break Err(broken(error)),
                None => break Err(Failure::Broken("the terminal has gone".to_owned())),
            },
            _ = term.recv() => break Err(Failure::Broken("ended by SIGTERM".to_owned())),
            _ = int.recv() => break Ok(()),
            _ = hup.recv() => break Err(Failure::Broken("ended by SIGHUP".to_owned())),
        }
    };
    drop(screen);
    ended
}

#[cfg(test)]
mod tests;
