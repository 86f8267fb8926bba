//! `glauth man`.

use crate::cli::args::Man;
use crate::cli::failure::{Error, UsageError};
use crate::cli::{generate, printer};
use crate::code::Exit;

pub(super) fn run(args: &Man) -> Result<Exit, Error> {
    let page = generate::man_page(args.command.as_deref()).ok_or_else(|| {
        let name = args.command.as_deref().unwrap_or_default();
        UsageError::Call(format!("there is no man page for `{name}`"))
    })?;
    printer::data(&page)?;
    Ok(Exit::Done)
}
