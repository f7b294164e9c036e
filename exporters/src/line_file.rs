//! Appending whole lines to a file that others may tear. It never writes behind
//! a half line, and says nothing of what the lines mean.

use std::io;

use dosd_actors::port::AppendFile;

/// Appends `lines`, which end in a newline. A last line that somebody left
/// without one is ended first, so that it does not swallow ours.
///
/// # Errors
/// What the system says. A part may then be in the file; the next call ends it
/// as a line of its own, and the caller writes its lines again.
pub(crate) fn append_lines(file: &mut dyn AppendFile, lines: &[u8]) -> io::Result<()> {
    if has_torn_tail(file)? {
        write_all(file, b"\n")?;
    }
    write_all(file, lines)
}

fn has_torn_tail(file: &dyn AppendFile) -> io::Result<bool> {
    let Some(last) = file.stat()?.len.checked_sub(1) else { return Ok(false) };
    let mut byte = [0];
    // Nothing to read there: the file was cut meanwhile, and is empty or whole.
    Ok(file.read_at(&mut byte, last)? == 1 && byte != *b"\n")
}

fn write_all(file: &mut dyn AppendFile, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match file.append(bytes)? {
            0 => return Err(io::ErrorKind::WriteZero.into()),
            taken => bytes = bytes.get(taken..).unwrap_or_default(),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use dosd_actors::port::Storage;
    use dosd_actors::port::testing::{Fault, MemoryStorage, Operation};

    use super::*;

    fn append(storage: &MemoryStorage, lines: &[u8]) -> io::Result<()> {
        append_lines(&mut *storage.open_append(Path::new("f"))?, lines)
    }

    #[test]
    fn a_torn_tail_is_ended_first() {
        let storage = MemoryStorage::default();
        storage.put(Path::new("f"), b"whole\nhal");
        append(&storage, b"next\n").unwrap();
        assert_eq!(storage.bytes(Path::new("f")), b"whole\nhal\nnext\n");
    }

    #[test]
    fn a_short_write_goes_on_where_it_stopped() {
        let storage = MemoryStorage::default();
        storage.fail(Operation::Append, 0, Fault::Short(3));
        append(&storage, b"one line\n").unwrap();
        assert_eq!(storage.bytes(Path::new("f")), b"one line\n");
    }

    #[test]
    fn after_a_full_disk_the_half_line_stands_alone() {
        let storage = MemoryStorage::default();
        storage.fail(Operation::Append, 0, Fault::Short(3));
        storage.fail(Operation::Append, 0, Fault::Error(io::ErrorKind::StorageFull));
        let full = append(&storage, b"one line\n").unwrap_err();
        assert_eq!(full.kind(), io::ErrorKind::StorageFull);
        append(&storage, b"one line\n").unwrap();
        assert_eq!(storage.bytes(Path::new("f")), b"one\none line\n");
    }

    #[test]
    fn a_disk_that_takes_nothing_is_an_error_and_not_a_loop() {
        let storage = MemoryStorage::default();
        storage.fail(Operation::Append, 0, Fault::Short(0));
        assert_eq!(append(&storage, b"x\n").unwrap_err().kind(), io::ErrorKind::WriteZero);
    }
}
