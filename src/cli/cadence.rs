//! The rhythm of a verb that speaks again and again until somebody stops it. It decides nothing about
//! what is said, and reads no clock: waiting is a timer's work.

use super::{Failure, Output};
use std::time::Duration;
use tokio::runtime::Runtime;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// What ended a wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wake {
    /// It is time again.
    Again,
    /// Somebody wants it to end: INT or TERM.
    Stop,
}

/// Something that lets time pass between two rounds.
pub(super) trait Pace {
    /// Waits for the next round.
    fn wait(&mut self) -> Wake;
}

/// Makes one round after the other, `most` at the most and one at least, until somebody says stop or
/// nobody reads any more. What a round writes is out before the wait.
///
/// # Errors
///
/// The first round that fails ends it.
pub(super) fn repeat(
    pace: &mut impl Pace,
    most: Option<i64>,
    output: &mut Output,
    mut round: impl FnMut(&mut Output) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut left = most;
    loop {
        round(output)?;
        output.flush();
        left = left.map(|left| left.saturating_sub(1));
        let is_over = left.is_some_and(|left| left <= 0) || !output.is_open();
        if is_over || pace.wait() == Wake::Stop {
            return Ok(());
        }
    }
}

/// Rounds at a fixed distance, until a signal.
pub(super) struct Cadence {
    runtime: Runtime,
    interval: Duration,
    interrupt: Signal,
    terminate: Signal,
}

impl Cadence {
    /// From now on a signal no longer ends the process: it ends the next wait.
    ///
    /// # Errors
    ///
    /// When the system gives no timer or no signal handler.
    pub(super) fn every(interval: Duration) -> Result<Self, Failure> {
        let failed = |cause: std::io::Error| {
            Failure::Failed(format!(
                "cannot wait between two rounds: {cause}\n  help: leave the repeating option out, and repeat the command yourself"
            ))
        };
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(failed)?;
        let (interrupt, terminate) = {
            let _inside = runtime.enter();
            (
                signal(SignalKind::interrupt()).map_err(failed)?,
                signal(SignalKind::terminate()).map_err(failed)?,
            )
        };
        Ok(Self { runtime, interval, interrupt, terminate })
    }
}

impl Pace for Cadence {
    fn wait(&mut self) -> Wake {
        let Self { runtime, interval, interrupt, terminate } = self;
        runtime.block_on(async {
            tokio::select! {
                biased;
                _ = interrupt.recv() => Wake::Stop,
                _ = terminate.recv() => Wake::Stop,
                () = tokio::time::sleep(*interval) => Wake::Again,
            }
        })
    }
}

/// Reads a number of seconds, with or without a fraction.
///
/// # Errors
///
/// When it is no number, negative, or beyond what a timer can hold.
pub(super) fn seconds(text: &str) -> Result<Duration, String> {
    let wrong = || format!("`{text}` is no number of seconds: pass one like 30 or 0.5");
    let number: f64 = text.trim().parse().map_err(|_| wrong())?;
    Duration::try_from_secs_f64(number).map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_may_have_a_fraction_and_no_sign() {
        assert_eq!(seconds("0"), Ok(Duration::ZERO));
        assert_eq!(seconds(" 2.5"), Ok(Duration::from_millis(2500)));
        for wrong in ["", "-1", "nan", "inf", "1e300", "5s"] {
            assert!(seconds(wrong).is_err(), "{wrong}");
        }
    }

    struct Eager(usize);

    impl Pace for Eager {
        fn wait(&mut self) -> Wake {
            self.0 += 1;
            if self.0 > 5 { Wake::Stop } else { Wake::Again }
        }
    }

    #[test]
    fn rounds_end_at_their_number_at_a_stop_and_at_a_failure() {
        for (most, rounds, waits) in
            [(Some(0), 1, 0), (Some(1), 1, 0), (Some(3), 3, 2), (Some(9), 6, 6), (None, 6, 6)]
        {
            let (mut pace, mut output, mut made) = (Eager(0), Output::to(std::io::sink()), 0);
            let ended = repeat(&mut pace, most, &mut output, |_| {
                made += 1;
                Ok(())
            });
            assert!(ended.is_ok());
            assert_eq!((made, pace.0), (rounds, waits), "{most:?}");
        }
        let mut output = Output::to(std::io::sink());
        let ended = repeat(&mut Eager(0), None, &mut output, |_| Err(Failure::Usage("x".into())));
        assert!(ended.is_err());
    }

    #[test]
    fn a_wait_without_a_signal_ends_by_itself() {
        let mut cadence = Cadence::every(Duration::ZERO).unwrap();
        assert_eq!((cadence.wait(), cadence.wait()), (Wake::Again, Wake::Again));
    }
}
