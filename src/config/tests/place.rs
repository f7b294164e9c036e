//! Offsets become lines and columns.

use crate::config::place::{Place, Places};

fn at(text: &str, offset: usize) -> (usize, usize) {
    let Place { line, column } = Places::new(text).place(offset);
    (line, column)
}

#[test]
fn lines_and_columns_begin_at_one() {
    assert_eq!(at("ab\ncd\n", 0), (1, 1));
    assert_eq!(at("ab\ncd\n", 1), (1, 2));
    assert_eq!(at("ab\ncd\n", 2), (1, 3));
    assert_eq!(at("ab\ncd\n", 3), (2, 1));
    assert_eq!(at("ab\ncd\n", 4), (2, 2));
}

#[test]
fn the_end_and_beyond_are_the_end() {
    assert_eq!(at("ab\n", 3), (2, 1));
    assert_eq!(at("ab", 99), (1, 3));
    assert_eq!(at("", 0), (1, 1));
}

#[test]
fn columns_count_characters() {
    assert_eq!(at("é = 1", 3), (1, 3));
    assert_eq!(at("é", 1), (1, 1));
}
