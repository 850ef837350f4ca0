//! What shards post to each other, carried in seeded order: in order between two shards, now and
//! then twice.

use fermata_runtime::shard::load;
use fermata_runtime::shard::outbox::Post;
use fermata_types::ShardId;

use crate::violation::Checked;
use crate::world::World;
use crate::world::driver::shard_id;

/// A post on its way.
pub(crate) struct Carried {
    pub(crate) from: usize,
    pub(crate) to: ShardId,
    pub(crate) post: Post,
}

impl World {
    /// A machine has put out a post.
    pub(crate) fn posted(&mut self, from: usize, to: ShardId, post: Post) {
        let process = &mut self.process;
        let metadata = &process.shared.metadata;
        let post = load::complete(&*process.store, metadata, shard_id(from), post);
        process.posts.push(Carried { from, to, post });
    }

    /// A post arrives: the oldest of some shard for some other.
    pub(crate) fn bring(&mut self) -> Checked {
        let many = self.process.posts.len();
        let drawn = self.random.below(many);
        let Some(way) = self.process.posts.get(drawn) else { return Ok(()) };
        let way = (way.from, way.to);
        let oldest = self.process.posts.iter().position(|it| (it.from, it.to) == way);
        let Some(oldest) = oldest else { return Ok(()) };
        let twice = self.is_faulty && self.random.chance(10);
        let post = if twice {
            self.process.posts.get(oldest).map(|it| it.post.clone())
        } else {
            Some(self.process.posts.remove(oldest).post)
        };
        let (Some(post), now) = (post, self.now) else { return Ok(()) };
        let index = usize::from(way.1.0);
        self.trace
            .note(self.step, || format!("shard {index} gets from {}: {}", way.0, short(&post)));
        let Some(shard) = self.process.shards.get_mut(index) else { return Ok(()) };
        shard.machine.handle_post(post, now);
        self.carry_out(index)?;
        if self.random.chance(self.config.prompt_batches) {
            self.submit(index);
        }
        Ok(())
    }
}

fn short(post: &Post) -> String {
    match post {
        Post::Parcel(parcel) => format!("{} after {}", parcel.number, parcel.after),
        other => format!("{other:?}"),
    }
}
