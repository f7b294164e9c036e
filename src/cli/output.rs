//! Standard output: lines and JSON values. A reader that has seen enough (`dosd journal tail | head
//! -1`) is a quiet end, every other failure is reported once, by [`Output::finish`]; a verb never
//! looks at write errors itself.

use super::exit::Failure;
use serde::Serialize;
use std::fmt::Display;
use std::io::{self, BufWriter, ErrorKind, Write};
use std::sync::{Arc, Mutex, PoisonError};

/// How a JSON value is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// One line.
    Compact,
    /// Indented by two spaces.
    Indented,
}

impl Layout {
    /// The layout that `--pretty`, or its absence, asks for.
    pub(super) fn pretty(asked: bool) -> Self {
        if asked { Self::Indented } else { Self::Compact }
    }
}

/// Where results go. Buffered: what was written is out after [`Output::finish`].
pub struct Output {
    sink: BufWriter<Box<dyn Write>>,
    ended: Option<io::Error>,
}

impl std::fmt::Debug for Output {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Output").field("ended", &self.ended).finish_non_exhaustive()
    }
}

impl Output {
    /// The process's standard output.
    #[must_use]
    pub fn stdout() -> Self {
        Self::to(io::stdout())
    }

    /// Into memory: what was written is there after [`Output::finish`].
    pub(super) fn captured() -> (Self, Arc<Mutex<Vec<u8>>>) {
        let bytes = Arc::new(Mutex::new(Vec::new()));
        (Self::to(Captured(Arc::clone(&bytes))), bytes)
    }

    /// Any other destination.
    pub fn to(sink: impl Write + 'static) -> Self {
        Self { sink: BufWriter::new(Box::new(sink)), ended: None }
    }

    /// Writes one line. It stays one, and cannot steer a terminal: control characters, which rows
    /// and snapshots may hold, are written as escapes.
    pub fn line(&mut self, text: impl Display) {
        let text = text.to_string();
        self.write(|sink| {
            if text.contains(char::is_control) {
                writeln!(sink, "{}", escaped(&text))
            } else {
                writeln!(sink, "{text}")
            }
        });
    }

    /// Writes text that ends its own lines.
    pub fn text(&mut self, text: impl Display) {
        self.write(|sink| write!(sink, "{text}"));
    }

    /// Writes bytes that end their own lines.
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.write(|sink| sink.write_all(bytes));
    }

    /// Writes out what is buffered, for a reader who waits for it.
    pub fn flush(&mut self) {
        self.write(Write::flush);
    }

    /// Writes one JSON value and a line end.
    pub fn json(&mut self, value: &impl Serialize, layout: Layout) {
        self.write(|sink| {
            match layout {
                Layout::Compact => serde_json::to_writer(&mut *sink, value)?,
                Layout::Indented => serde_json::to_writer_pretty(&mut *sink, value)?,
            }
            sink.write_all(b"\n")
        });
    }

    /// Whether anybody still reads. A verb with much to say may stop early when not.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.ended.is_none()
    }

    /// Writes out what is buffered.
    ///
    /// # Errors
    ///
    /// When something could not be written, unless the reader went away on its own.
    pub fn finish(mut self) -> Result<(), Failure> {
        self.flush();
        match self.ended {
            None => Ok(()),
            Some(cause) if cause.kind() == ErrorKind::BrokenPipe => Ok(()),
            Some(cause) => Err(Failure::Failed(format!(
                "cannot write the results: {cause}\n  help: see where standard output goes"
            ))),
        }
    }

    fn write(&mut self, act: impl FnOnce(&mut BufWriter<Box<dyn Write>>) -> io::Result<()>) {
        if self.ended.is_none() {
            self.ended = act(&mut self.sink).err();
        }
    }
}

/// Memory that is written to.
struct Captured(Arc<Mutex<Vec<u8>>>);

impl Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + 16);
    for letter in text.chars() {
        if letter.is_control() {
            escaped.extend(letter.escape_default());
        } else {
            escaped.push(letter);
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;
    use std::rc::Rc;

    /// Takes so many bytes and then fails with this kind.
    struct Limited {
        taken: Rc<RefCell<Vec<u8>>>,
        limit: usize,
        kind: ErrorKind,
    }

    impl Write for Limited {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if self.taken.borrow().len() >= self.limit {
                return Err(self.kind.into());
            }
            self.taken.borrow_mut().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn written(limit: usize, kind: ErrorKind) -> (Result<(), Failure>, Vec<u8>) {
        let taken = Rc::new(RefCell::new(Vec::new()));
        let mut output = Output::to(Limited { taken: Rc::clone(&taken), limit, kind });
        for number in 0..10_000 {
            output.line(format_args!("line {number}"));
        }
        (output.finish(), taken.take())
    }

    #[test]
    fn a_reader_that_leaves_is_a_quiet_end() {
        let (ending, taken) = written(1, ErrorKind::BrokenPipe);
        assert!(ending.is_ok(), "{ending:?}");
        assert!(taken.starts_with(b"line 0\n"));
        assert!(taken.len() < 80_000, "wrote on after the end: {} bytes", taken.len());
    }

    #[test]
    fn a_full_disk_is_reported() {
        let (ending, _) = written(1, ErrorKind::StorageFull);
        assert!(matches!(ending, Err(Failure::Failed(message)) if message.contains("results")));
    }

    #[test]
    fn a_line_is_one_line_and_no_more() {
        assert_eq!(escaped("\"é\"\n\u{1b}[2J"), "\"é\"\\n\\u{1b}[2J");
        let taken = Rc::new(RefCell::new(Vec::new()));
        let sink = Limited { taken: Rc::clone(&taken), limit: usize::MAX, kind: ErrorKind::Other };
        let mut output = Output::to(sink);
        output.line("a\nb");
        output.line("`c`");
        output.finish().unwrap();
        assert_eq!(taken.take(), b"a\\nb\n`c`\n");
    }

    #[test]
    fn json_keeps_text_as_it_is() {
        let taken = Rc::new(RefCell::new(Vec::new()));
        let sink = Limited { taken: Rc::clone(&taken), limit: usize::MAX, kind: ErrorKind::Other };
        let mut output = Output::to(sink);
        output.json(&serde_json::json!({"b": "ü", "a": []}), Layout::Compact);
        output.json(&serde_json::json!({"a": 1}), Layout::Indented);
        output.finish().unwrap();
        let text = String::from_utf8(taken.take()).unwrap();
        assert_eq!(text, "{\"a\":[],\"b\":\"ü\"}\n{\n  \"a\": 1\n}\n");
    }
}
