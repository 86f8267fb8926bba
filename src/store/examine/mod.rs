//! What `doctor` looks at and tries: findings as data. Nothing here changes a record or waits for an
//! account's lock; what is written is written into a scratch folder, which goes again.

mod file_system;
mod files;
mod left;
mod scratch;
mod trial;

pub use super::lock::Holder;
pub use super::settle::Next;
pub use file_system::{FileSystem, Nature};
pub use files::{Files, Opening, Openness, is_own, ways_in};
pub use left::RescuedAnswer;
pub use trial::{Atomicity, Exclusion, Second, Tried, second_try, try_out};
