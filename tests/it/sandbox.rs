//! The sandbox's own test.

use std::path::Path;

use crate::support::sandbox::program;

#[test]
fn the_binary_that_is_tested_is_the_one_that_cargo_built() {
    if std::env::var_os("GLAUTH").is_none() {
        assert_eq!(program(), Path::new(env!("CARGO_BIN_EXE_glauth")));
    }
}
