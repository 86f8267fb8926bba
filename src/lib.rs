//! One OAuth login, shared by every process of a machine, refreshed once.

pub mod cli;
pub mod config;
pub mod credential;
mod env;
mod fault;
pub mod flow;
pub mod http;
pub mod log;
mod notice;
pub mod oauth;
pub mod secret;
mod signals;
pub mod store;
pub mod time;
mod toml_trouble;
