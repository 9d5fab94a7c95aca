//! What the bus refuses, as a problem.

use super::{Kind, Problem};
use crate::bus::Refusal;

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Problem {
        let kind = match &refusal {
            Refusal::PayloadTooLarge { .. } => Kind::EventTooLarge,
            Refusal::RateExceeded { .. } => Kind::EventQuota,
            Refusal::TooManySubscriptions { .. } => Kind::TooManySubscriptions,
            Refusal::ShutDown => Kind::ShuttingDown,
            _ => Kind::BadRequest,
        };
        let problem = Problem::new(kind, refusal.to_string());
        match refusal {
            Refusal::RateExceeded { retry_after, .. } => problem.retry_after(retry_after),
            _ => problem,
        }
    }
}
