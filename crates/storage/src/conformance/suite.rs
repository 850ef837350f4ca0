//! The list of tests.

use super::{Reopen, families, fencing, groups, order, paging, random, reopen, views};
use crate::store::Store;

/// Seeds of the random tests; each is a workload of its own.
const SEEDS: [u64; 4] = [1, 2, 3, 0x5eed];

/// Runs every test that any store must pass. `make` makes an empty store each time.
///
/// # Panics
/// The store breaks a promise; the message says which.
pub fn run_all(make: &dyn Fn() -> Box<dyn Store>) {
    families::every_row_comes_back(&*make());
    families::a_put_replaces_and_a_delete_removes(&*make());
    order::ranges_hold_their_rows_in_key_order(&*make());
    paging::pages_join_to_the_whole_range(&*make());
    paging::a_page_starts_after_any_key(&*make());
    paging::a_page_is_consistent_beside_commits(&*make());
    groups::writes_happen_in_order(&*make());
    groups::a_refused_group_changes_nothing(&*make());
    groups::positions_count_groups(&*make());
    groups::large_rows_are_kept(&*make());
    fencing::stale_owners_are_refused(&*make());
    fencing::a_group_sees_its_own_epochs(&*make());
    views::a_view_shows_all_rows_in_key_order(&*make());
    for seed in SEEDS {
        random::behaves_like_the_model(&*make(), seed);
        views::a_view_stays_as_it_was(&*make(), seed);
    }
}

/// Runs every test of a store that outlives its process. `make` makes a place for one store each
/// time.
///
/// # Panics
/// The store breaks a promise; the message says which.
pub fn run_reopen(make: &dyn Fn() -> Box<dyn Reopen>) {
    reopen::an_empty_store_stays_empty(&mut *make());
    reopen::every_row_survives(&mut *make());
    reopen::epochs_survive(&mut *make());
    reopen::refused_groups_leave_nothing(&mut *make());
    for seed in SEEDS {
        reopen::behaves_like_the_model(&mut *make(), seed);
    }
}
