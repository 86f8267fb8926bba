//! `glauth completions`.

use crate::cli::args::Completions;
use crate::cli::exit::Exit;
use crate::cli::{generate, printer};

pub(super) fn run(args: &Completions) -> anyhow::Result<Exit> {
    printer::data(&generate::completions(args.shell))?;
    Ok(Exit::Done)
}
