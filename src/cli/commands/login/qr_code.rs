//! The address of a device login as a code that a phone reads.

use anstyle::{AnsiColor, Color, Style};
use qrcode::render::unicode::Dense1x2;
use qrcode::{EcLevel, QrCode};
use url::Url;

use crate::cli::fold::folded;
use crate::cli::printer;

/// A phone reads it whatever the terminal's own colours are.
const QR: Style = AnsiColor::Black
    .on_default()
    .bg_color(Some(Color::Ansi(AnsiColor::BrightWhite)));

/// Draws the first of these addresses whose code fits on the screen above these lines and the line that moves. None is
/// drawn where none fits: the address and the code of the login must stay in sight.
pub(super) fn draw<'a>(mut pages: impl Iterator<Item = &'a Url>, below: &[&str]) {
    let (columns, rows) = printer::size();
    let wrapped = |line: &&str| -> usize {
        let lines = folded(line, columns);
        let lines = lines.split('\n').map(|line| line.chars().count());
        lines.map(|width| width.div_ceil(columns.max(1))).sum()
    };
    let below: usize = below.iter().map(wrapped).sum();
    let fits = |drawing: &String| {
        let width = drawing
            .lines()
            .next()
            .map_or(0, |line| line.chars().count());
        width <= columns && drawing.lines().count() + below < rows
    };
    let drawing = pages.find_map(|page| drawn(page).filter(fits));
    for line in drawing.iter().flat_map(|drawing| drawing.lines()) {
        printer::drawing(&format!("{QR}{line}{QR:#}"));
    }
}

/// A screen does not get dirty: the least correction of errors makes the smallest code.
fn drawn(page: &Url) -> Option<String> {
    let code = QrCode::with_error_correction_level(page.as_str(), EcLevel::L).ok()?;
    // Without colours a terminal is taken for a dark one, where ink is light.
    let (dark, light) = if printer::is_coloured() {
        (Dense1x2::Dark, Dense1x2::Light)
    } else {
        (Dense1x2::Light, Dense1x2::Dark)
    };
    let mut drawing = code.render::<Dense1x2>();
    Some(drawing.dark_color(dark).light_color(light).build())
}
