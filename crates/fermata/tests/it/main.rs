//! The program as its users run it.

mod backup;
mod process;
