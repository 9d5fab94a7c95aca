//! Reading the configuration anew while the hub runs.

use tracing::{error, info, warn};

use super::log::LogFilter;
use crate::Hub;
use crate::config::{Config, Program};

/// Reads the next configuration; else says what is wrong with it, in lines.
pub(super) type Next = Box<dyn FnOnce() -> Result<Config, Vec<String>> + Send>;

/// Follows what the file, the environment and the flags say now. Whatever is wrong leaves
/// everything as it is. Gives the programs that are to run, if all is well.
pub(super) async fn reload(next: Next, hub: &Hub, filter: &LogFilter) -> Option<Vec<Program>> {
    // Files may take a while, and requests are not to wait for them.
    let read = tokio::task::spawn_blocking(next).await;
    let config = match read.unwrap_or_else(|panic| Err(vec![panic.to_string()])) {
        Ok(config) => config,
        Err(lines) => {
            for line in lines {
                error!("{line}");
            }
            error!("the configuration stays as it was: what is above has to be mended first");
            return None;
        }
    };
    let (words, programs) = (config.log.filter.clone(), config.programs.clone());
    let changes = match hub.apply(config) {
        Ok(changes) => changes,
        Err(error) => {
            error!("the configuration stays as it was: {error}");
            return None;
        }
    };
    if let Err(error) = filter.set(&words) {
        error!("the log goes on as it was: {error}");
    }
    for change in &changes.applied {
        info!("{change}");
    }
    for change in &changes.waiting {
        warn!("{change}: restart the hub for that, which goes on with the first");
    }
    let (applied, waiting) = (changes.applied.len(), changes.waiting.len());
    info!(applied, waiting, "the configuration was read anew");
    Some(programs)
}
