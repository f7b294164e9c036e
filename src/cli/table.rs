//! Tables for people: columns as wide as their widest cell. It knows no column.

use super::Output;

/// Prints rows of cells; the first row is usually the head.
pub(super) fn print<const COLUMNS: usize>(rows: &[[String; COLUMNS]], output: &mut Output) {
    let mut widths = [0; COLUMNS];
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.chars().count().max(*width);
        }
    }
    for row in rows {
        let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}"));
        output.line(cells.collect::<Vec<_>>().join("  ").trim_end());
    }
}
