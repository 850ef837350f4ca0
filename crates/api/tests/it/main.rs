//! The surface against its contract. Each test cites the section it holds us to
//! (`conductor-rest` unless it says otherwise).

mod first_light;
mod server;
