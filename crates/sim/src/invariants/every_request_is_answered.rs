//! Nobody who can be answered waits for ever: at the end only watches of runs that go on are open,
//! and there are none.

use crate::violation::{Checked, expect};
use crate::world::World;

/// The server at the end of a world.
pub(crate) fn check(world: &World) -> Checked {
    for (index, shard) in world.process.shards.iter().enumerate() {
        let waiting = shard.waiting.values().next();
        expect(waiting.is_none(), "every_request_is_answered", || {
            format!("shard {index} never answers {waiting:?}")
        })?;
    }
    Ok(())
}
