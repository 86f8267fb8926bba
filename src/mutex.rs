//! A mutex whose holder has panicked guards what it guarded before: glauth keeps nothing half-changed in one.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Takes the mutex, whatever its last holder came to.
pub fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
