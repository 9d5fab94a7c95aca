//! Processor time of whole processes, to the nanosecond.
//!
//! `/proc/PID/stat` counts in hundredths of a second, which is coarse for a round of a
//! few tenths. The kernel has a clock for each process, which includes threads that have
//! ended and whatever runs at this moment.

use std::io;

use rustix::process::Pid;

/// The clock of the processor time of one process.
#[derive(Debug, Clone, Copy)]
struct CpuClock(libc::clockid_t);

impl CpuClock {
    fn of(pid: libc::pid_t) -> io::Result<CpuClock> {
        let mut id = 0;
        // SAFETY: the pointer is to a local of the right type.
        let error = unsafe { libc::clock_getcpuclockid(pid, &raw mut id) };
        if error == 0 { Ok(CpuClock(id)) } else { Err(io::Error::from_raw_os_error(error)) }
    }

    /// 0 for a process that has ended meanwhile.
    fn us(self) -> f64 {
        let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
        // SAFETY: the pointer is to a local of the right type.
        let status = unsafe { libc::clock_gettime(self.0, &raw mut time) };
        if status == 0 { time.tv_sec as f64 * 1e6 + time.tv_nsec as f64 / 1e3 } else { 0.0 }
    }
}

/// The clocks of all processes that take part in a measurement.
#[derive(Debug, Clone, Default)]
pub(crate) struct CpuClocks(Vec<CpuClock>);

impl CpuClocks {
    /// This process's.
    pub(crate) fn own() -> io::Result<CpuClocks> {
        CpuClocks::default().and(std::process::id())
    }

    /// These and that of another process, which must be alive.
    pub(crate) fn and(mut self, pid: u32) -> io::Result<CpuClocks> {
        let pid = i32::try_from(pid).ok().and_then(Pid::from_raw);
        let pid = pid.ok_or(io::ErrorKind::InvalidInput)?;
        self.0.push(CpuClock::of(pid.as_raw_nonzero().get())?);
        Ok(self)
    }

    fn us(&self) -> f64 {
        self.0.iter().map(|clock| clock.us()).sum()
    }

    /// Begins to count.
    pub(crate) fn start(&self) -> CpuTime<'_> {
        CpuTime { clocks: self, begin_us: self.us() }
    }
}

/// Processor time since some moment.
#[derive(Debug)]
pub(crate) struct CpuTime<'a> {
    clocks: &'a CpuClocks,
    begin_us: f64,
}

impl CpuTime<'_> {
    /// Microseconds of all the processes together since then.
    pub(crate) fn us(&self) -> f64 {
        self.clocks.us() - self.begin_us
    }
}
