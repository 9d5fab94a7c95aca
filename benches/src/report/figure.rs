//! One line of the report.

use crate::measure::Summary;

/// A figure and what stands beside it.
#[derive(Debug, Clone)]
pub(crate) struct Figure {
    pub(crate) name: String,
    pub(crate) what: String,
    pub(crate) unit: String,
    pub(crate) ours: Summary,
    pub(crate) reference: Option<(String, Summary)>,
}

impl Figure {
    /// Ours divided by the reference's.
    pub(crate) fn ratio(&self) -> Option<f64> {
        self.reference.as_ref().map(|(_, theirs)| self.ours.value / theirs.value)
    }
}
