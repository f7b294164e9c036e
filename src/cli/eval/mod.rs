//! `dosd eval`: the kernel as a filter, for programs in any language. It reads requests, writes
//! answers, and knows nothing of a workspace. What a request means stands in the kernel.

mod lines;

use super::{Context, Exit, Failure, Output};
use clap::Args;
use dosd_kernel::eval;
use lines::{Line, Lines};
use std::io::{BufRead, BufReader, ErrorKind};

const EXAMPLES: &str = "\
Examples:
  dosd eval --list
  cat requests.jsonl | dosd eval > answers.jsonl

A request is one line: {\"id\":1,\"fn\":\"tree.prefix\",\"args\":{\"path\":\"src/**\"}}
Its answer is one line: {\"id\":1,\"ok\":\"src/\"}
or, when it cannot be met: {\"id\":1,\"error\":{\"kind\":\"invalid_argument\",\"message\":\"...\"}}

Answers come in the order of the requests, and as soon as no further request waits.

Exit codes:
  0 the input has ended, whatever the answers were";

/// A longer line is answered by an error, and is not kept in memory.
const MOST_LINE_BYTES: usize = 64 << 20;

/// How much is read at once.
const READ_BYTES: usize = 256 << 10;

/// Answer verdict requests from standard input, one JSON object a line
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// Print the names of the functions, one a line
    #[arg(long)]
    list: bool,
}

impl Arguments {
    pub(super) fn execute(self, _: &Context, output: &mut Output) -> Result<Exit, Failure> {
        if self.list {
            for name in eval::names() {
                output.line(name);
            }
        } else {
            let input = BufReader::with_capacity(READ_BYTES, std::io::stdin().lock());
            answer_all(input, MOST_LINE_BYTES, output)?;
        }
        Ok(Exit::SUCCESS)
    }
}

/// Answers each line, until the input ends or nobody reads on. The answers to all that was read
/// are out before the next read: whoever asks one thing at a time must not wait for a full buffer.
/// A line of more than `most` bytes is answered by an error, and not kept in memory.
///
/// # Errors
///
/// When the input cannot be read.
pub fn answer_all(
    mut input: impl BufRead,
    most: usize,
    output: &mut Output,
) -> Result<(), Failure> {
    let mut lines = Lines::new(most);
    let mut answers = Vec::new();
    while output.is_open() {
        let chunk = match input.fill_buf() {
            Ok(chunk) => chunk,
            Err(cause) if cause.kind() == ErrorKind::Interrupted => continue,
            Err(cause) => return Err(unreadable(&cause)),
        };
        if chunk.is_empty() {
            break;
        }
        lines.feed(chunk, |line| answer(&line, most, &mut answers));
        let read = chunk.len();
        input.consume(read);
        output.bytes(&answers);
        output.flush();
        answers.clear();
    }
    lines.end(|line| answer(&line, most, &mut answers));
    output.bytes(&answers);
    Ok(())
}

fn answer(line: &Line<'_>, most: usize, answers: &mut Vec<u8>) {
    match line {
        Line::Whole(line) => eval::answer(line, answers),
        Line::TooLong => eval::answer_too_long(most, answers),
    }
}

fn unreadable(cause: &std::io::Error) -> Failure {
    Failure::Failed(format!(
        "cannot read the requests: {cause}\n  help: see where standard input comes from"
    ))
}

#[cfg(test)]
mod tests {
    use super::{Output, answer_all};
    use std::cell::RefCell;
    use std::io::{self, BufRead, Read, Write};
    use std::rc::Rc;

    /// Hands out one chunk a read, and notes how many answers had been flushed by then.
    struct Chunks {
        left: Vec<&'static [u8]>,
        given: &'static [u8],
        flushed: Rc<RefCell<usize>>,
        seen: Rc<RefCell<Vec<usize>>>,
    }

    impl Read for Chunks {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            unreachable!("read through its buffer")
        }
    }

    impl BufRead for Chunks {
        fn fill_buf(&mut self) -> io::Result<&[u8]> {
            if self.given.is_empty() && !self.left.is_empty() {
                self.seen.borrow_mut().push(*self.flushed.borrow());
                self.given = self.left.remove(0);
            }
            Ok(self.given)
        }

        fn consume(&mut self, bytes: usize) {
            self.given = &self.given[bytes..];
        }
    }

    struct Counting {
        flushed: Rc<RefCell<usize>>,
        lines: usize,
    }

    impl Write for Counting {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.lines += bytes.lines().count();
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            *self.flushed.borrow_mut() = self.lines;
            Ok(())
        }
    }

    #[test]
    fn answers_are_out_before_the_next_read() {
        let (flushed, seen) = (Rc::default(), Rc::default());
        let input = Chunks {
            left: vec![b"{}\n", b"1\n2\n{", b"}\n", b"\xff"],
            given: b"",
            flushed: Rc::clone(&flushed),
            seen: Rc::clone(&seen),
        };
        let mut output = Output::to(Counting { flushed: Rc::clone(&flushed), lines: 0 });
        answer_all(input, 1_000, &mut output).unwrap();
        output.finish().unwrap();
        assert_eq!(*seen.borrow(), [0, 1, 3, 4]);
        assert_eq!(*flushed.borrow(), 5, "the last line needs no line end");
    }
}
