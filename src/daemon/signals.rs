//! The signals that a daemon listens to: those that stop it, and the one that has it read
//! its configuration again.

use std::io;
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};

/// A signal that follows another within this time is the same wish.
const ECHO: Duration = Duration::from_millis(500);

/// What was signalled to this process since it began to listen.
pub(super) struct Signals {
    /// TERM and INT.
    pub(super) end: EndSignals,
    /// HUP.
    pub(super) reread: RereadSignal,
}

/// TERM and INT.
pub(super) struct EndSignals {
    terminate: Signal,
    interrupt: Signal,
}

/// HUP. Several that come before the first is attended to are one.
pub(super) struct RereadSignal(Signal);

impl Signals {
    /// From now on none of them ends the process by itself.
    pub(super) fn listen() -> io::Result<Self> {
        Ok(Self {
            end: EndSignals {
                terminate: signal(SignalKind::terminate())?,
                interrupt: signal(SignalKind::interrupt())?,
            },
            reread: RereadSignal(signal(SignalKind::hangup())?),
        })
    }
}

impl RereadSignal {
    /// Waits for the wish.
    pub(super) async fn wish(&mut self) {
        if self.0.recv().await.is_none() {
            // The runtime is going down.
            std::future::pending::<()>().await;
        }
    }
}

impl EndSignals {
    /// Waits for one and gives its name.
    async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "TERM",
            _ = self.interrupt.recv() => "interrupted",
        }
    }

    /// Waits for one; for one that is a wish of its own when another came just before.
    pub(super) async fn wish(&mut self, is_another: bool) -> &'static str {
        if is_another { self.another().await } else { self.next().await }
    }

    /// One wish can arrive twice, once for the process and once for its group.
    async fn another(&mut self) -> &'static str {
        let echoes = async {
            loop {
                self.next().await;
            }
        };
        let _: Result<(), _> = tokio::time::timeout(ECHO, echoes).await;
        self.next().await
    }

    /// From now on a signal ends the process, as an impatient operator wants.
    /// What it leaves behind is reconciled at the next start.
    pub(super) fn end_at_once_on_the_next(mut self) {
        actix_rt::spawn(async move {
            self.another().await;
            std::process::exit(130);
        });
    }
}
