//! The listeners' accept loops.

use std::sync::Arc;

use tokio::sync::Semaphore;

use super::connection::Connection;
use super::listen::Listener;
use crate::accept;
use crate::phase::{Phase, Phases};
use crate::shared::Shared;

/// Accepts connections until the hub drains. Each connection holds a clone of `phases`.
/// `room` is for all listeners together: when there are as many connections as there may
/// be, the next of each listener waits unread, and further ones in the system's backlog.
pub(crate) async fn serve(
    shared: Arc<Shared>,
    listener: Listener,
    room: Arc<Semaphore>,
    mut phases: Phases,
) {
    let counted = shared.metrics.connections.listener(&listener.endpoint().address.to_string());
    while let Some((stream, peer)) = accept::next(&listener, "clients", &mut phases).await {
        let place = tokio::select! {
            place = room.clone().acquire_owned() => place,
            () = phases.at_least(Phase::Draining) => return,
        };
        let connection = Connection {
            shared: shared.clone(),
            spoken: listener.spoken.clone(),
            counted: counted.clone(),
            phases: phases.clone(),
        };
        let connected = counted.connected();
        tokio::spawn(async move {
            connection.run(stream, peer).await;
            drop((place, connected));
        });
    }
}
