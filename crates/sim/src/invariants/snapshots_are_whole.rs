//! After every crash, each run loads, from its snapshot if it has one, as the fold of its history;
//! and no snapshot is found that cannot be read.

use fermata_runtime::shard::load;
use fermata_types::RunId;

use super::memory_is_the_fold::differs;
use crate::violation::{Checked, expect};
use crate::world::World;
use crate::world::driver::shard_id;

const NAME: &str = "snapshots_are_whole";

/// A server that has just come back.
pub(crate) fn check(world: &World) -> Checked {
    let store = &*world.process.store;
    let runs: Vec<RunId> = world.shadow.runs.keys().copied().collect();
    for id in runs {
        let shard = shard_id(world.shard_of(id.key()));
        let loaded = load::load_run(store, &world.process.shared.metadata, shard, id);
        // Another invariant's task: here only what is read counts.
        let Ok(Some(loaded)) = loaded else { continue };
        expect(!loaded.is_unreadable, NAME, || format!("the snapshot of run {id} is not whole"))?;
        let Some(durable) = world.shadow.runs.get(&id) else { continue };
        let difference = differs(&loaded.run, durable);
        expect(difference.is_none(), NAME, || {
            format!("run {id}: {} differs when loaded", difference.unwrap_or(""))
        })?;
    }
    Ok(())
}
