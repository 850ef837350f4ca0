//! Integration tests of the storage seam.

mod conformance;
mod faults;
mod golden;
mod keys;
mod strategies;
