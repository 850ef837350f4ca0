//! Carries posts from one shard to the others: in memory, in order, each target waiting for room
//! without holding up the shard that sends.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use fermata_types::ShardId;
use tokio::sync::{Notify, mpsc};

use crate::shard::outbox::{Parcel, Post};

/// Posts that may wait at a shard; whoever carries more waits for room.
pub const POSTS: usize = 256;

/// What waits for one target. Bounded: a shard has at most a window of parcels under way, and of
/// confirmations only the last one counts.
#[derive(Debug, Default)]
struct Bag {
    parcels: VecDeque<Parcel>,
    received: Option<u64>,
    again: Option<u64>,
}

/// The way out of one shard. Clones share it.
#[derive(Debug, Clone)]
pub struct Carrier {
    source: ShardId,
    bags: Arc<Mutex<BTreeMap<ShardId, Bag>>>,
    bell: Arc<Notify>,
}

impl Carrier {
    /// The way out of a shard, empty.
    #[must_use]
    pub fn new(source: ShardId) -> Self {
        Self { source, bags: Arc::default(), bell: Arc::default() }
    }

    fn bags(&self) -> MutexGuard<'_, BTreeMap<ShardId, Bag>> {
        self.bags.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts a post on its way; never waits.
    pub fn put(&self, target: ShardId, post: Post) {
        {
            let mut bags = self.bags();
            let bag = bags.entry(target).or_default();
            match post {
                Post::Parcel(parcel) => {
                    // One that is sent again may still be waiting.
                    let is_new = |waiting: &Parcel| waiting.number < parcel.number;
                    if bag.parcels.back().is_none_or(is_new) {
                        bag.parcels.push_back(*parcel);
                    }
                }
                Post::Received { through, .. } => {
                    bag.received = Some(bag.received.map_or(through, |known| known.max(through)));
                }
                Post::Again { after, .. } => bag.again = Some(after),
            }
        }
        self.bell.notify_one();
    }

    fn take(&self) -> Option<(ShardId, Vec<Post>)> {
        let (target, bag) = self.bags().pop_first()?;
        let by = self.source;
        let received = bag.received.map(|through| Post::Received { by, through });
        let again = bag.again.map(|after| Post::Again { by, after });
        let parcels = bag.parcels.into_iter().map(|parcel| Post::Parcel(Box::new(parcel)));
        Some((target, received.into_iter().chain(again).chain(parcels).collect()))
    }

    /// Carries posts until it is dropped; wakes when there are some, and when a target that is
    /// full has room again. What a shard that has stopped does not take is in its row.
    pub async fn run(self, targets: Arc<Vec<mpsc::Sender<Post>>>) {
        loop {
            while let Some((target, posts)) = self.take() {
                let Some(way) = targets.get(usize::from(target.0)) else { continue };
                for post in posts {
                    if way.send(post).await.is_err() {
                        break;
                    }
                }
            }
            self.bell.notified().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shard::relay::Internal;

    fn parcel(number: u64) -> Post {
        let child = fermata_types::RunId::compose(
            fermata_types::Timestamp::from_ms(1),
            fermata_types::ShardKey::wrapping(1),
            1,
        );
        let command = Internal::EndChild { child, reason: String::new() };
        let source = ShardId(0);
        Post::Parcel(Box::new(Parcel { source, number, after: 0, command, definition: None }))
    }

    fn numbers(posts: &[Post]) -> Vec<(char, u64)> {
        let number = |post: &Post| match post {
            Post::Parcel(parcel) => ('p', parcel.number),
            Post::Received { through, .. } => ('r', *through),
            Post::Again { after, .. } => ('a', *after),
        };
        posts.iter().map(number).collect()
    }

    #[test]
    fn what_waits_is_merged_and_stays_in_order() {
        let carrier = Carrier::new(ShardId(0));
        let by = ShardId(0);
        for number in [1, 2, 1, 2, 3] {
            carrier.put(ShardId(2), parcel(number));
        }
        carrier.put(ShardId(1), Post::Received { by, through: 7 });
        carrier.put(ShardId(1), Post::Received { by, through: 5 });
        carrier.put(ShardId(1), Post::Again { by, after: 4 });
        let (target, posts) = carrier.take().expect("something waits");
        assert_eq!((target, numbers(&posts)), (ShardId(1), vec![('r', 7), ('a', 4)]));
        let (target, posts) = carrier.take().expect("something waits");
        assert_eq!((target, numbers(&posts)), (ShardId(2), vec![('p', 1), ('p', 2), ('p', 3)]));
        assert!(carrier.take().is_none());
    }

    #[tokio::test]
    async fn a_target_without_room_is_waited_for() {
        let carrier = Carrier::new(ShardId(0));
        let (sender, mut arrived) = mpsc::channel(1);
        for number in 1..=5 {
            carrier.put(ShardId(0), parcel(number));
        }
        let targets = Arc::new(vec![sender]);
        let mut tasks = crate::tasks::TaskSet::default();
        tasks.spawn("carrier", carrier.clone().run(targets));
        for number in 1..=5 {
            let post = arrived.recv().await.expect("it comes");
            assert_eq!(numbers(&[post]), [('p', number)]);
        }
        tasks.abort_all();
    }
}
