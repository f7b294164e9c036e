//! Log lines of the daemon: for people on a terminal, or JSON for collectors.
//! They go to standard error.

use std::fmt;
use std::io::IsTerminal;

use dosd_actors::port::{Clock, SystemClock};
use dosd_kernel::stamp;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::FormatTime;

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// Starts writing log lines to standard error. Colours only on a terminal, and
/// only if nobody minds.
pub fn start_logging(format: LogFormat, no_color: bool) {
    let ansi = !no_color && std::io::stderr().is_terminal();
    let lines = tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        // The HTTP server's own news are ours to tell, and every lookup of a host would find the
        // same odd line of `/etc/resolv.conf` again.
        .with_env_filter(
            "info,actix_server=warn,actix_web=warn,hickory_net=error,hickory_resolver=error",
        )
        .with_target(false)
        // Whoever read the log may be gone, a terminal as well: that ends no fleet. It would be
        // told on standard error, and panic.
        .log_internal_errors(false);
    // A second start in one process, as in tests, keeps the first's choice.
    let _ = match format {
        LogFormat::Text => {
            lines.with_timer(TimeOfDay(SystemClock::new())).with_ansi(ansi).try_init()
        }
        LogFormat::Json => {
            lines.json().flatten_event(true).with_timer(Stamp(SystemClock::new())).try_init()
        }
    };
}

/// `HH:MM:SS`, UTC as everywhere in the journals.
struct TimeOfDay(SystemClock);

impl FormatTime for TimeOfDay {
    fn format_time(&self, writer: &mut Writer<'_>) -> fmt::Result {
        let stamp = stamp::format_ms(self.0.now_ms());
        writer.write_str(stamp.get(11..19).unwrap_or(&stamp))
    }
}

/// The journals' stamp.
struct Stamp(SystemClock);

impl FormatTime for Stamp {
    fn format_time(&self, writer: &mut Writer<'_>) -> fmt::Result {
        writer.write_str(&stamp::format_ms(self.0.now_ms()))
    }
}
