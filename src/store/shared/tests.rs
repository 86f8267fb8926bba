//! The protocol between machines, as processes on several of them use it.

mod interleavings;
