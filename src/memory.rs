//! Memory that is set aside before a refresh is marked, and freed where it is needed (P2): a process that has
//! too little for the answer and for storing it finds that out before it asks for one.

use std::collections::TryReserveError;
use std::sync::Mutex;

use crate::mutex::locked;

/// What sending a request and reading its answer takes, in bytes: the buffers of a connection with TLS, and the
/// thread that looks up a name.
const FOR_THE_ANSWER: usize = 4 * 1024 * 1024;

/// What storing the largest answer takes, in bytes: a record as a structure, as TOML and as text, some of it
/// twice.
const FOR_STORING: usize = 4 * 1024 * 1024;

/// What memory is filled with. Not zero, for which the system might write nothing; and not byte by byte, for which
/// a debug build takes a twentieth of a second.
const BLOCK: [u8; 4096] = [1; 4096];

/// It is the process that has memory, and not one refresh: the first one that needs it frees it for all.
static ASIDE: Mutex<Aside> = Mutex::new(Aside {
    for_the_answer: Vec::new(),
    for_storing: Vec::new(),
});

struct Aside {
    for_the_answer: Vec<u8>,
    for_storing: Vec<u8>,
}

/// Sets memory aside for a refresh.
pub fn set_aside() -> Result<(), TryReserveError> {
    let new = Aside {
        for_the_answer: touched(FOR_THE_ANSWER)?,
        for_storing: touched(FOR_STORING)?,
    };
    *locked(&ASIDE) = new;
    Ok(())
}

/// Frees what the request and its answer need, once there is nothing else left to do before it leaves.
pub fn free_for_the_answer() {
    locked(&ASIDE).for_the_answer = Vec::new();
}

/// Frees all of it.
pub fn free() {
    let mut aside = locked(&ASIDE);
    aside.for_the_answer = Vec::new();
    aside.for_storing = Vec::new();
}

/// Room for so many bytes that the system has really given: it promises more than it has.
pub fn touched(bytes: usize) -> Result<Vec<u8>, TryReserveError> {
    let mut memory = Vec::new();
    memory.try_reserve_exact(bytes)?;
    while memory.len() < bytes {
        let missing = bytes - memory.len();
        memory.extend_from_slice(&BLOCK[..missing.min(BLOCK.len())]);
    }
    memory.clear();
    Ok(memory)
}
