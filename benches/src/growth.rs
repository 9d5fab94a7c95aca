//! Cost as it grows: what one request costs with more workers, slots, routes and idle
//! clients around it, and what these cost the hub in memory.
//!
//! A hub for each size stands from the beginning to the end, and the rounds of all sizes of
//! one dimension are interleaved: what stands idle costs no processor time.

mod dimension;
mod figures;
mod idle;
mod limits;
mod plot;
mod svg;

use std::io;
use std::path::Path;

use crate::measure::Sample;
use crate::progress::Progress;
use crate::report::Report;
use crate::rig::{Folder, c_worker};
use crate::steal;
use dimension::{Dimension, Stand};

/// The plot, beside the summary of every run.
const PLOT: &str = "growth.svg";
/// The plot that is checked in.
const CHECKED_IN: &str = "docs/growth.svg";

/// What was seen at one size.
#[derive(Debug)]
struct Point {
    size: usize,
    p50_us: Vec<Sample>,
    cpu_us: Vec<Sample>,
    /// The hub's resident memory, in KiB, idle, before the loads.
    resident_kib: f64,
    /// The hub's threads.
    threads: f64,
}

/// One dimension, from the smallest size to the largest.
#[derive(Debug)]
struct Curve {
    dimension: Dimension,
    points: Vec<Point>,
}

/// The figures and their plot; `check_in`: the plot also goes into `docs`.
pub(crate) fn run(report: &mut Report, check_in: bool) -> io::Result<()> {
    limits::raise_open_files()?;
    let folder = Folder::new()?;
    let worker = c_worker(&folder)?;
    let mut curves = Vec::new();
    for dimension in Dimension::ALL {
        let curve = measure(report.rounds(), dimension, &folder, &worker)?;
        figures::add(report, &curve);
        curves.push(curve);
    }
    let plot = plot::draw(&curves);
    let beside = report.folder().join(PLOT);
    std::fs::create_dir_all(report.folder())?;
    std::fs::write(&beside, &plot)?;
    report.note(format!("the plot is in {}", beside.display()));
    if check_in {
        std::fs::write(CHECKED_IN, plot)?;
    }
    Ok(())
}

fn measure(
    rounds: usize,
    dimension: Dimension,
    folder: &Folder,
    worker: &Path,
) -> io::Result<Curve> {
    let sizes = dimension.sizes();
    let bar = Progress::new(&format!("growth, {}", dimension.name()), rounds * sizes.len());
    let mut stands = Vec::new();
    let mut points = Vec::new();
    for &size in sizes {
        bar.show(0);
        let stand = Stand::start(dimension, size, folder, worker)?;
        let (resident_kib, threads) = stand.resident()?;
        stands.push(stand);
        let (p50_us, cpu_us) = (Vec::new(), Vec::new());
        points.push(Point { size, p50_us, cpu_us, resident_kib, threads });
    }
    for round in 0..rounds {
        for turn in 0..sizes.len() {
            bar.show(round * sizes.len() + turn);
            let place = (round + turn) % sizes.len();
            let tally = steal::undisturbed(|| stands[place].load(folder))?;
            let what = format!("{}, {}", dimension.name(), sizes[place]);
            if tally.errors > 0 {
                return Err(io::Error::other(format!("{what}: {} errors", tally.errors)));
            }
            points[place].p50_us.push(Sample::new(tally.p50_us, tally.cpu_us));
            points[place].cpu_us.push(Sample::of(tally.cpu_us));
        }
    }
    bar.done();
    Ok(Curve { dimension, points })
}
