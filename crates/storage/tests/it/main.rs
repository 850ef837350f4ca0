//! Integration tests of the storage seam.

mod backup;
mod conformance;
mod faults;
mod golden;
mod keys;
mod strategies;
