//! The path as the hub has it.

use std::io;

use slotway_hub::bench::HubPath;

use super::{BODY, Path, SLOTS, worker};

/// The hub's own instance, region task and exchange.
pub(super) struct Hub(HubPath);

impl Path for Hub {
    fn new() -> io::Result<(Hub, worker::End)> {
        let (path, end) = HubPath::new(SLOTS)?;
        Ok((Hub(path), worker::End { memory: end.memory, hub_bell: end.hub_bell }))
    }

    async fn exchange(&self) -> io::Result<()> {
        let mut answer = Vec::new();
        let status = self.0.exchange(&BODY, &mut answer).await?;
        assert_eq!((status, answer.as_slice()), (200, BODY.as_slice()));
        Ok(())
    }
}
