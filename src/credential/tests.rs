//! The pure rules together, as processes use them.

pub(crate) mod interleavings;
