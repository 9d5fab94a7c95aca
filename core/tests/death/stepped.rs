//! A child process that runs one instruction at a time.

use core::panic::AssertUnwindSafe;
use std::panic::catch_unwind;

use nix::libc::{self, c_long, c_void};
use nix::sys::ptrace;
use nix::sys::signal::{Signal, raise};
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, fork};

/// What the child says when it waits for the other side.
const PAUSE: Signal = Signal::SIGUSR1;

/// The exit code of a child that may not be traced.
const NOT_TRACED: i32 = 77;

/// The instruction that stops whoever comes to it: `int3`.
const TRAP: c_long = 0xcc;

/// A child process, stopped between two instructions.
#[derive(Debug)]
pub(crate) struct Stepped {
    pid: Pid,
    running: bool,
    /// Where it is to stop, and the word of code that lies there.
    snare: Option<(u64, c_long)>,
}

/// Why the child stands still.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stop {
    /// It has run one more instruction, or come to the snare.
    Step,
    /// It waits for the other side.
    Pause,
    /// It is through.
    Ended,
}

/// Stops the child until the parent goes on with it. By the child.
pub(crate) fn pause() {
    raise(PAUSE).expect("a process may signal itself");
}

impl Stepped {
    /// A child that is about to run `body`. `None` where tracing is forbidden.
    ///
    /// Whoever calls this is the only thread that may step the child.
    pub(crate) fn start(body: impl FnOnce()) -> Option<Stepped> {
        // SAFETY: the child runs core's operations, which neither allocate nor lock, and
        // ends by `_exit`. Only a failed assertion does more, and glibc allows it to.
        match unsafe { fork() }.expect("a child") {
            ForkResult::Child => child(body),
            ForkResult::Parent { child } => match waitpid(child, None).expect("a child") {
                WaitStatus::Stopped(_, Signal::SIGSTOP) => {
                    ptrace::setoptions(child, ptrace::Options::PTRACE_O_EXITKILL)
                        .expect("a child that is stopped");
                    Some(Stepped { pid: child, running: true, snare: None })
                }
                WaitStatus::Exited(_, NOT_TRACED) => None,
                other => panic!("the child has not begun: {other:?}"),
            },
        }
    }

    /// Lets it run one instruction.
    pub(crate) fn step(&mut self) -> Stop {
        assert!(self.snare.is_none(), "the instruction under a snare cannot run");
        ptrace::step(self.pid, None).expect("a child that is stopped");
        self.stopped()
    }

    /// Lets it run until it waits, is through, or comes to the snare.
    pub(crate) fn run(&mut self) -> Stop {
        ptrace::cont(self.pid, None).expect("a child that is stopped");
        let stop = self.stopped();
        if stop == Stop::Step {
            let mut registers = ptrace::getregs(self.pid).expect("a child that is stopped");
            // It has run the trap, one byte, and is to run what lay there.
            registers.rip -= 1;
            assert_eq!(Some(registers.rip), self.snare.map(|(at, _)| at), "a trap of ours");
            ptrace::setregs(self.pid, registers).expect("a child that is stopped");
        }
        stop
    }

    /// The address of the instruction that comes next.
    pub(crate) fn at(&self) -> u64 {
        ptrace::getregs(self.pid).expect("a child that is stopped").rip
    }

    /// Has it stop whenever it comes to this instruction. Its code is its own: the parent
    /// keeps what it has.
    pub(crate) fn lay_snare(&mut self, at: u64) {
        self.lift_snare();
        let code = ptrace::read(self.pid, at as *mut c_void).expect("code");
        ptrace::write(self.pid, at as *mut c_void, code & !0xff | TRAP).expect("code");
        self.snare = Some((at, code));
    }

    /// Takes the snare away.
    pub(crate) fn lift_snare(&mut self) {
        if let Some((at, code)) = self.snare.take() {
            ptrace::write(self.pid, at as *mut c_void, code).expect("code");
        }
    }

    fn stopped(&mut self) -> Stop {
        match waitpid(self.pid, None).expect("a child") {
            WaitStatus::Stopped(_, Signal::SIGTRAP) => Stop::Step,
            WaitStatus::Stopped(_, PAUSE) => Stop::Pause,
            WaitStatus::Exited(_, 0) => {
                self.running = false;
                Stop::Ended
            }
            other => {
                self.running = false;
                panic!("the child has failed: {other:?}")
            }
        }
    }

    /// `kill -9`, and its end.
    pub(crate) fn kill(mut self) {
        self.end();
    }

    fn end(&mut self) {
        if core::mem::take(&mut self.running) {
            nix::sys::signal::kill(self.pid, Signal::SIGKILL).expect("a child of ours");
            let ended = waitpid(self.pid, None).expect("a child");
            assert!(matches!(ended, WaitStatus::Signaled(_, Signal::SIGKILL, _)), "{ended:?}");
        }
    }
}

impl Drop for Stepped {
    fn drop(&mut self) {
        self.end();
    }
}

fn child(body: impl FnOnce()) -> ! {
    let code = if ptrace::traceme().is_err() {
        NOT_TRACED
    } else {
        raise(Signal::SIGSTOP).expect("a process may signal itself");
        catch_unwind(AssertUnwindSafe(body)).map_or(1, |()| 0)
    };
    // SAFETY: ends the process at once; what the parent shares with it is not touched.
    unsafe { libc::_exit(code) }
}
