//! A program at a terminal of its own.

use std::fs::File;
use std::io::Read;
use std::os::fd::OwnedFd;
use std::process::{Child, Command, ExitStatus};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use rustix::fs::{Mode, OFlags, open};
use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, Termios, Winsize, tcgetattr, tcsetwinsize};

use crate::eventually;
use crate::hub::clean;

/// What happens soon does within this time, also on a machine that is busy.
const SOON: Duration = Duration::from_secs(30);

/// A program whose input and output are a terminal. It is killed when this value is dropped.
#[derive(Debug)]
pub struct Pty {
    child: Child,
    /// Where keys go in.
    keyboard: OwnedFd,
    /// The program's side, kept so that its modes can be looked at when it has ended.
    terminal: OwnedFd,
    before: Termios,
    shown: Arc<Mutex<Vec<u8>>>,
}

impl Pty {
    /// Starts a program at a terminal of so many columns and rows, with variables of its
    /// environment besides.
    pub fn start(command: &mut Command, (columns, rows): (u16, u16), env: &[(&str, &str)]) -> Pty {
        let keyboard = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC);
        let keyboard = keyboard.expect("a terminal");
        grantpt(&keyboard).and_then(|()| unlockpt(&keyboard)).expect("a terminal of our own");
        let path = ptsname(&keyboard, Vec::new()).expect("it has a name");
        let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
        let terminal = open(path, flags, Mode::empty()).expect("its other side");
        let size = Winsize { ws_col: columns, ws_row: rows, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(&terminal, size).expect("a terminal has a size");
        let before = tcgetattr(&terminal).expect("a terminal has modes");
        clean(command);
        command.env_remove("NO_COLOR").env_remove("COLUMNS").env("TERM", "xterm-256color");
        command.envs(env.iter().copied());
        let side = || terminal.try_clone().expect("a descriptor");
        command.stdin(side()).stdout(side()).stderr(side());
        let child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
        // The command holds its copies, and is the caller's.
        command.stdin(std::process::Stdio::null());
        let shown = Arc::new(Mutex::new(Vec::new()));
        let (into, mut from) =
            (Arc::clone(&shown), File::from(keyboard.try_clone().expect("a descriptor")));
        let read = move || {
            let mut piece = [0; 4096];
            // It ends with an error when the last of the program's side is closed.
            while let Ok(count @ 1..) = from.read(&mut piece) {
                let mut shown = into.lock().unwrap_or_else(PoisonError::into_inner);
                shown.extend_from_slice(&piece[..count]);
            }
        };
        thread::Builder::new().name("terminal".to_owned()).spawn(read).expect("a thread");
        Pty { child, keyboard, terminal, before, shown }
    }

    /// Everything that was written to the terminal.
    pub fn shown(&self) -> String {
        let shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&shown).into_owned()
    }

    /// Waits until a text is written after so many bytes; gives how many there are then.
    #[track_caller]
    pub fn wait_for(&self, text: &str, after: usize) -> usize {
        eventually(&format!("{text:?} on the terminal"), SOON, || {
            let shown = self.shown();
            shown.get(after..)?.contains(text).then_some(shown.len())
        })
    }

    /// Presses keys.
    pub fn press(&self, keys: &str) {
        rustix::io::write(&self.keyboard, keys.as_bytes()).expect("a terminal");
    }

    /// Sends a signal.
    pub fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        kill_process(pid.expect("a child's id"), signal).expect("a child of our own");
    }

    /// Whether keys reach the program one by one and unseen.
    pub fn is_raw(&self) -> bool {
        let modes = tcgetattr(&self.terminal).expect("a terminal has modes").local_modes;
        !modes.intersects(LocalModes::ICANON | LocalModes::ECHO)
    }

    /// Waits for its end; the terminal has to be as it was. Gives how it ended.
    #[track_caller]
    pub fn wait_end(&mut self) -> ExitStatus {
        let status = eventually("the end of the program at the terminal", SOON, || {
            self.child.try_wait().expect("a child of our own")
        });
        let after = tcgetattr(&self.terminal).expect("a terminal has modes");
        assert_eq!(after.local_modes, self.before.local_modes, "its modes are as they were");
        assert_eq!(after.input_modes, self.before.input_modes);
        assert_eq!(after.output_modes, self.before.output_modes);
        status
    }
}

impl Drop for Pty {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if thread::panicking() {
            eprintln!("--- on the terminal: {:?}", self.shown());
        }
    }
}
