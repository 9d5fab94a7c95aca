//! Percentiles as they are told in JSON.

use serde::Serialize;

use crate::metrics::Distribution;

/// Milliseconds that half of the requests, and so on, stayed below; `null` when there
/// were none.
#[derive(Debug, Clone, Copy, Serialize)]
pub(super) struct Percentiles {
    p50: Option<f64>,
    p90: Option<f64>,
    p99: Option<f64>,
}

impl Percentiles {
    pub(super) fn of(times: &Distribution) -> Percentiles {
        // Two more digits than anybody can use.
        let ms = |share| Some((times.quantile(share)?.as_secs_f64() * 1e6).round() / 1e3);
        Percentiles { p50: ms(0.5), p90: ms(0.9), p99: ms(0.99) }
    }
}
