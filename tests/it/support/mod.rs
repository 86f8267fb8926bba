//! What the tests stand on.

pub mod authorization_server;
mod authorization_server_test;
pub mod mounts;
pub mod sandbox;
pub mod watch;
