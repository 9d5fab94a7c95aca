use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::style::{Color, Modifier};

use super::super::status::tests::told;
use super::app::{App, Update};
use super::view;

fn app() -> App {
    let mut app = App::new(true);
    for rate in [0.0, 300.0, 600.0, 1200.0] {
        let mut status = told();
        status.hub.rps = rate;
        app.take(Update::Told(Box::new(status)));
    }
    app
}

fn drawn(app: &mut App, width: u16, height: u16) -> Terminal<TestBackend> {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal.draw(|frame| view::draw(app, frame)).unwrap();
    terminal
}

fn lines(app: &mut App, width: u16, height: u16) -> Vec<String> {
    let terminal = drawn(app, width, height);
    let cells = terminal.backend().buffer().content();
    let line = |cells: &[ratatui::buffer::Cell]| {
        cells.iter().map(ratatui::buffer::Cell::symbol).collect::<String>().trim_end().to_owned()
    };
    cells.chunks(usize::from(width)).map(line).collect()
}

fn press(app: &mut App, keys: &str) {
    for key in keys.chars() {
        assert!(!app.press(KeyEvent::from(KeyCode::Char(key))), "{key} ended it");
    }
}

#[test]
fn a_screen_of_eighty_by_thirty() {
    let expected = "\
slotway 0.1.0  pid 4242  up 3 h 3 min  healthy
1200 requests/s  0 errors/s  p50 0.21 ms  p99 1.90 ms
3 in flight  0 waiting  12 connections  34 % of a core  38 MiB
requests/s  up to 1200                   p99  up to 1.90 ms
                                      █                                     ████
                                     ▄█                                     ████
                                    ▆██                                     ████
NAME        PID  SLOTS  REQ/S      P50      P99  FAILED  STATE
catalog.2   102   4/96    200  0.21 ms  3.80 ms       2  sick
  sick: stopped answering 6 s ago; 4 requests hang
billing.a1  108      -      -        -        -       -  waiting for approval
search.4    104   4/96    400  0.21 ms  7.60 ms       4  draining
catalog.1   101   4/96    100  0.21 ms  1.90 ms       1  live
images.3    103   4/96    7.5  0.21 ms  5.70 ms       3  live
videos.3    103   4/96    7.5  0.21 ms  5.70 ms       3  live



PROGRAM  INSTANCE   FOR  RESTARTS  STATE
mailer   mailer.1  12 s        10  crash loop: exited with code 3
mailer   0 of 1       -        10  none is ready
catalog  2 of 2       -         1  ready

QUEUE         WORKERS  WAITING  OLDEST  AT WORK  DONE  FAILED  RETRIED  REJECTED
media/videos        1    16/16   1.5 s      1/1     7       2        0         5
media/images        2   0/1024       -      4/8  1200       0        0         0

LAST DEPARTURES
10 s ago  media (pid 99): signal 9 ended the process
 q  quit   s  sort: name   p  pause   ?  help";
    let lines = lines(&mut app(), 80, 30).join("\n");
    assert_eq!(lines, expected, "\n{lines}");
}

/// The curves go first, then what is below, and no size makes it fail.
#[test]
fn every_size_is_drawn() {
    for width in [0, 1, 7, 20, 40, 79, 200] {
        for height in 0..40 {
            let mut app = app();
            drawn(&mut app, width, height);
            press(&mut app, "?");
            drawn(&mut app, width, height);
            app.take(Update::Gone("no hub answers on /run/x: gone".to_owned()));
            drawn(&mut app, width, height);
        }
    }
    let small = lines(&mut app(), 60, 10);
    assert!(small.iter().any(|line| line.starts_with("catalog.2")), "{small:#?}");
    assert!(small[9].contains("quit"), "{small:#?}");
    assert!(!small.iter().any(|line| line.contains("up to")), "{small:#?}");
}

#[test]
fn colours_are_those_of_states_and_are_not_there_where_they_are_not_wanted() {
    let mut coloured = app();
    press(&mut coloured, "j");
    let red = |app: &mut App| {
        let terminal = drawn(app, 80, 30);
        let cells = terminal.backend().buffer().content();
        let cell = cells[80 * 8].clone();
        assert_eq!(cell.symbol(), "c");
        cell
    };
    let cell = red(&mut coloured);
    assert_eq!((cell.fg, cell.modifier), (Color::Red, Modifier::BOLD));
    coloured.colours = false;
    let cell = red(&mut coloured);
    assert_eq!((cell.fg, cell.modifier), (Color::Reset, Modifier::BOLD));
    let terminal = drawn(&mut coloured, 80, 30);
    let content = terminal.backend().buffer().content();
    assert!(content.iter().all(|cell| cell.fg == Color::Reset && cell.bg == Color::Reset));
}

#[test]
fn keys_move_sort_pause_and_end() {
    let mut app = app();
    press(&mut app, "jjk");
    drawn(&mut app, 80, 30);
    assert_eq!(app.selected, 1);
    press(&mut app, "Gj");
    drawn(&mut app, 80, 30);
    assert_eq!(app.selected, 5);
    press(&mut app, "gs");
    assert!(lines(&mut app, 80, 30)[29].contains("sort: requests/s"));
    // It stands still until it goes on.
    press(&mut app, "p");
    let mut later = told();
    later.hub.rps = 77.0;
    app.take(Update::Told(Box::new(later.clone())));
    assert!(lines(&mut app, 80, 30)[29].contains("paused"));
    assert!(lines(&mut app, 80, 30)[1].starts_with("1200 requests/s"));
    press(&mut app, "p");
    app.take(Update::Told(Box::new(later)));
    assert!(lines(&mut app, 80, 30)[1].starts_with("77 requests/s"));
    // Escape closes the help, and then ends it.
    press(&mut app, "?");
    assert!(lines(&mut app, 80, 30).iter().any(|line| line.contains("sick ones stay first")));
    assert!(!app.press(KeyEvent::from(KeyCode::Esc)));
    assert!(app.press(KeyEvent::from(KeyCode::Esc)));
    assert!(app.press(KeyEvent::from(KeyCode::Char('q'))));
    assert!(app.press(KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL)));
    assert!(!app.press(KeyEvent::from(KeyCode::Char('c'))));
}

/// The selected row is always seen, with more rows than there is room for.
#[test]
fn many_workers_scroll() {
    let mut app = app();
    let mut status = told();
    let template = status.workers[0].clone();
    status.workers = (0..500)
        .map(|id| {
            let mut worker = template.clone();
            worker.id = id;
            worker.registrations[0].identity = format!("worker.{id:03}");
            worker
        })
        .collect();
    status.waiting_for_approval = None;
    app.take(Update::Told(Box::new(status)));
    for keys in ["", "jjjjjjjjjjjjjjjjjjjj", "G", "kkk", "g"] {
        press(&mut app, keys);
        let lines = lines(&mut app, 80, 24);
        let seen = format!("worker.{:03}", app.selected);
        assert!(lines.iter().any(|line| line.starts_with(&seen)), "{seen}: {lines:#?}");
    }
}

#[test]
fn a_hub_that_is_gone_is_said_and_comes_back() {
    let mut app = app();
    press(&mut app, "p");
    app.take(Update::Gone("no hub answers on /run/x: \x1b[2J".to_owned()));
    let gone = lines(&mut app, 80, 24);
    assert_eq!(gone[0], "no hub");
    assert!(gone[1].starts_with("no hub answers on /run/x: \u{fffd}[2J"), "{gone:#?}");
    assert!(app.curves.rates.is_empty());
    app.take(Update::Told(Box::new(told())));
    assert!(lines(&mut app, 80, 24)[0].starts_with("slotway 0.1.0"));
}

#[test]
fn before_the_first_look_it_says_so() {
    assert_eq!(lines(&mut App::new(true), 40, 5)[0], "looking for the hub …");
}
