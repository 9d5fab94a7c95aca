//! Reading the configuration anew while the hub runs.

use std::sync::Arc;

use tracing::{error, info, warn};

use super::hub::HubArgs;
use super::log::LogFilter;
use crate::Hub;
use crate::config::{Config, Mistake, Mistakes};

/// Follows what the file, the environment and the flags say now. Whatever is wrong leaves
/// everything as it is.
pub(super) async fn reload(args: &Arc<HubArgs>, hub: &Hub, filter: &LogFilter) {
    // Files may take a while, and requests are not to wait for them.
    let reader = Arc::clone(args);
    let read = tokio::task::spawn_blocking(move || read(&reader)).await;
    let config = match read.unwrap_or_else(|panic| Err(vec![panic.to_string()])) {
        Ok(config) => config,
        Err(lines) => {
            for line in lines {
                error!("{line}");
            }
            error!("the configuration stays as it was: what is above has to be mended first");
            return;
        }
    };
    let words = config.log.filter.clone();
    let changes = match hub.apply(config) {
        Ok(changes) => changes,
        Err(error) => {
            error!("the configuration stays as it was: {error}");
            return;
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
}

fn read(args: &HubArgs) -> Result<Config, Vec<String>> {
    let lines = |mistakes: Mistakes| mistakes.iter().map(Mistake::line).collect::<Vec<_>>();
    let given = args.given().map_err(|words| vec![words])?;
    let loaded = given.load().map_err(lines)?;
    loaded.check_files().map_err(lines)?;
    Ok(loaded.config)
}
