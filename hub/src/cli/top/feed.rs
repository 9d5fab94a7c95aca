//! Looks at the hub each second, and tries again while there is none.

use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::sleep;

use super::super::status::fetch::{Around, Frames, whole};
use super::super::status::model::Status;
use super::super::surface::{Failure, Surface};
use super::app::Update;

/// How long after one attempt the next begins.
const RETRY: Duration = Duration::from_secs(1);

/// Tells what it sees until nobody listens. A hub that is not there may come back; one that
/// says no goes on saying so, which is how this ends.
pub(super) async fn feed(surface: Surface, told: mpsc::Sender<Update>) -> Result<(), Failure> {
    loop {
        let gone = match watch(&surface, &told).await {
            Ok(()) => return Ok(()),
            Err(refused @ Failure::Refused(_)) => return Err(refused),
            Err(gone) => gone.to_string(),
        };
        if told.send(Update::Gone(gone)).await.is_err() {
            return Ok(());
        }
        sleep(RETRY).await;
    }
}

async fn watch(surface: &Surface, told: &mpsc::Sender<Update>) -> Result<(), Failure> {
    let mut frames = Frames::open(surface).await?;
    let mut before: Option<Around> = None;
    loop {
        let snapshot = frames.next().await?;
        let now = Around::look(surface).await?;
        let status = Status::of(whole(snapshot, &now, before.as_ref()))?;
        before = Some(now);
        if told.send(Update::Told(Box::new(status))).await.is_err() {
            return Ok(());
        }
    }
}
