//! Looking at a process from outside.

use std::fs;
use std::path::PathBuf;

fn text(pid: u32, file: &str) -> String {
    fs::read_to_string(format!("/proc/{pid}/{file}")).unwrap_or_default()
}

fn status_kib(pid: u32, field: &str) -> u64 {
    let status = text(pid, "status");
    let line = status.lines().find_map(|line| line.strip_prefix(field));
    let number = line.and_then(|line| line.trim().split(' ').next()?.parse().ok());
    number.unwrap_or_else(|| panic!("/proc/{pid}/status has no {field} (is the process alive?)"))
}

/// Resident memory now, in bytes, shared pages included.
pub fn resident_bytes(pid: u32) -> u64 {
    status_kib(pid, "VmRSS:") << 10
}

/// Resident memory that is the process's own, in bytes: neither shared nor of a file.
pub fn private_bytes(pid: u32) -> u64 {
    status_kib(pid, "RssAnon:") << 10
}

/// Resident memory at its peak, in bytes.
pub fn resident_peak_bytes(pid: u32) -> u64 {
    status_kib(pid, "VmHWM:") << 10
}

/// Begins a new measurement of the peak.
pub fn reset_peak(pid: u32) {
    fs::write(format!("/proc/{pid}/clear_refs"), "5").expect("a process of our own");
}

/// CPU time used so far by all threads, user and system, in clock ticks of 10 ms.
pub fn cpu_ticks(pid: u32) -> u64 {
    let stat = text(pid, "stat");
    // The name in parentheses may hold spaces; fields 14 and 15 are utime and stime.
    let after = stat.rsplit(')').next().unwrap_or_default();
    after.split_whitespace().skip(11).take(2).map(|field| field.parse::<u64>().unwrap_or(0)).sum()
}

/// How often its threads have been put on a CPU: counts wake-ups, however short.
pub fn wakeups(pid: u32) -> u64 {
    let each = |tid: u32| {
        let status = text(pid, &format!("task/{tid}/status"));
        let of = |field: &str| -> u64 {
            let line = status.lines().find_map(|line| line.strip_prefix(field));
            line.and_then(|line| line.trim().parse().ok()).unwrap_or(0)
        };
        of("voluntary_ctxt_switches:") + of("nonvoluntary_ctxt_switches:")
    };
    threads(pid).into_iter().map(each).sum()
}

/// Its threads.
pub fn threads(pid: u32) -> Vec<u32> {
    let entries = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect()
}

/// What its descriptors refer to.
pub fn descriptors(pid: u32) -> Vec<PathBuf> {
    let entries = fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().flatten();
    entries.filter_map(|entry| fs::read_link(entry.path()).ok()).collect()
}

/// How many regions it has open.
pub fn open_regions(pid: u32) -> usize {
    let is_region = |path: &PathBuf| path.to_string_lossy().contains("memfd:slotway");
    descriptors(pid).iter().filter(|path| is_region(path)).count()
}

/// How many regions it has mapped.
pub fn mapped_regions(pid: u32) -> usize {
    text(pid, "maps").lines().filter(|line| line.contains("memfd:slotway")).count()
}

/// The state letter: `R`, `S`, `T`, `Z`; `None` when it is gone.
pub fn state(pid: u32) -> Option<char> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit(')').next()?.trim().chars().next()
}

/// Address space in use, in bytes.
pub fn virtual_bytes(pid: u32) -> u64 {
    status_kib(pid, "VmSize:") << 10
}
