//! `docs/soak.md`.

use std::fmt::Write;
use std::fs;
use std::process::Command;
use std::time::Duration;

use super::Outcome;

const INTRODUCTION: &str = "# The last long run

Written by `make soak`. Every line counts what happened while every promise was checked: each
request to an honest worker was answered once, with the bytes it was owed or, where a worker
had died, with a documented problem; no slot, descriptor, mapping or thread was left over;
the hub's memory stayed bounded; no hub panicked, and where a part with
AddressSanitizer is listed none read or wrote out of bounds. A broken promise would have ended the run without this page.
";

/// The page.
pub(super) fn text(outcomes: &[Outcome], lasted: Duration, seed: u64) -> String {
    let mut text = INTRODUCTION.to_owned();
    let mut add = |line: String| {
        text.push('\n');
        text.push_str(&line);
    };
    add("| | |\n|---|---|".to_owned());
    add(format!("| when | {} |", said("date", &["-u", "+%Y-%m-%d %H:%M UTC"])));
    add(format!("| revision | {} |", revision()));
    add(format!("| machine | {} |", machine()));
    add(format!("| kernel | {} |", said("uname", &["-sr"])));
    add(format!("| duration | {} s |", lasted.as_secs()));
    add(format!("| seed | {seed} |"));
    add("| promises broken, leaks found | 0 |".to_owned());
    for outcome in outcomes {
        add(format!("\n## {}\n\n{} s.\n", outcome.name, outcome.lasted.as_secs()));
        add("| what | count |\n|---|---|".to_owned());
        for (name, count) in outcome.tally.all() {
            add(format!("| {name} | {count} |"));
        }
    }
    let _ = writeln!(text);
    text.replace("\n\n\n", "\n\n")
}

fn said(program: &str, args: &[&str]) -> String {
    let output = Command::new(program).args(args).output();
    let text = output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    text.ok().filter(|text| !text.is_empty()).unwrap_or_else(|| "unknown".to_owned())
}

fn revision() -> String {
    let clean = Command::new("git").args(["diff", "--quiet", "HEAD"]).status();
    let dirty = if clean.is_ok_and(|status| status.success()) { "" } else { ", with changes" };
    format!("{}{dirty}", said("git", &["rev-parse", "--short", "HEAD"]))
}

fn machine() -> String {
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let model = model.map_or("unknown processor", |(_, model)| model.trim());
    let memory = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let kib = memory.lines().find_map(|line| {
        line.strip_prefix("MemTotal:")?.trim().split(' ').next()?.parse::<u64>().ok()
    });
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    format!("{cores} × {model}, {} GiB", kib.unwrap_or(0) >> 20)
}
