//! The table: each piece of work under its name.

use super::{decider, encoding, life, matching, resolving};

/// A piece of work that can be done many times. What it returns keeps the compiler from leaving
/// the work out.
pub type Work = Box<dyn FnMut() -> u64>;

/// A piece of work with its name.
#[derive(Debug, Clone, Copy)]
pub struct Micro {
    /// The name, unique among all.
    pub name: &'static str,
    /// What it does, in a few words.
    pub what: &'static str,
    make: fn() -> Work,
}

impl Micro {
    /// Sets it up; its cost is not that of the work.
    #[must_use]
    pub fn make(&self) -> Work {
        (self.make)()
    }
}

/// All of them, in the order of a task's life.
pub const MICROS: &[Micro] = &[
    Micro {
        name: "decide",
        what: "decide a worker's result for a run with one leased task",
        make: decider::decide_result,
    },
    Micro {
        name: "advance",
        what: "decide a result and advance until the run has ended, without applying to it",
        make: decider::advance_to_end,
    },
    Micro {
        name: "apply",
        what: "fold all events of a run of one task into a new state",
        make: decider::apply_life,
    },
    Micro {
        name: "encode",
        what: "encode those events as history rows, and the rows as bytes",
        make: encoding::encode_life,
    },
    Micro {
        name: "decode",
        what: "decode those bytes back to events",
        make: encoding::decode_life,
    },
    Micro {
        name: "match",
        what: "a ready task meets a waiting poll, among 1,000 queues",
        make: matching::meet,
    },
    Micro {
        name: "take",
        what: "a batch poll takes 32 of 10,000 ready tasks, which then come back",
        make: matching::take_batch,
    },
    Micro {
        name: "resolve",
        what: "resolve an input template with ten expressions",
        make: resolving::resolve_input,
    },
    Micro { name: "parse", what: "parse that template", make: resolving::parse_template },
    Micro {
        name: "life",
        what: "start a run of one task, poll, complete, in process on the model store",
        make: life::one_task,
    },
];

/// One by its name.
#[must_use]
pub fn named(name: &str) -> Option<&'static Micro> {
    MICROS.iter().find(|micro| micro.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_piece_of_work_can_be_done_again() {
        for micro in MICROS {
            let mut work = micro.make();
            let first = work();
            assert!(first > 0, "{} did nothing", micro.name);
            assert_eq!(work(), first, "{} does something else the second time", micro.name);
        }
    }

    #[test]
    fn names_are_unique() {
        for micro in MICROS {
            assert_eq!(named(micro.name).map(|found| found.what), Some(micro.what));
        }
    }
}
