//! What the tests stand on.

pub mod authorization_server;
mod authorization_server_commands_test;
mod authorization_server_login_test;
mod authorization_server_test;
pub mod browser;
pub mod crash_points;
pub mod git_server;
pub mod mounts;
pub mod other_user;
pub mod program;
pub mod refresher;
pub mod sandbox;
pub mod terminal;
pub mod watch;
