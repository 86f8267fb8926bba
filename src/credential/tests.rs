//! The pure rules together, as processes use them.

mod interleavings;
