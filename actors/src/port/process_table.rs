//! What `/proc` says of processes; see proc(5). Reads only.

use std::os::unix::ffi::OsStrExt as _;

use super::launcher::RUN_ID_VARIABLE;
use crate::exec;

/// The pids of this moment.
pub(super) fn processes() -> impl Iterator<Item = u32> {
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}

/// The run that a process was started for, as its environment said then. Zombies
/// have none.
pub(super) fn run_id_of(pid: u32) -> Option<String> {
    let environment = std::fs::read(format!("/proc/{pid}/environ")).ok()?;
    let variable = environment.split(|byte| *byte == 0).find_map(|variable| {
        variable.strip_prefix(RUN_ID_VARIABLE.as_bytes())?.strip_prefix(b"=")
    })?;
    String::from_utf8(variable.to_vec()).ok()
}

/// Whether a process is the helper of a run, by its command line.
pub(super) fn is_helper(pid: u32, run_id: &str) -> bool {
    let Ok(line) = std::fs::read(format!("/proc/{pid}/cmdline")) else { return false };
    let mut words = line.split(|byte| *byte == 0).skip(1);
    words.next() == Some(exec::VERB.as_bytes())
        && words.next().is_some_and(|directory| {
            let directory = std::path::Path::new(std::ffi::OsStr::from_bytes(directory));
            directory.file_name() == Some(run_id.as_ref())
        })
}

/// When a process began, in ticks since the boot; `None` when there is none.
pub(crate) fn start_ticks_of(pid: u32) -> Option<u64> {
    Stat::read(pid).map(|stat| stat.start_ticks)
}

/// The fields of `/proc/PID/stat` that tell processes apart.
pub(super) struct Stat {
    pub(super) command: String,
    pub(super) state: char,
    pub(super) pgid: u32,
    pub(super) start_ticks: u64,
}

impl Stat {
    pub(super) fn read(pid: u32) -> Option<Self> {
        let text = std::fs::read(format!("/proc/{pid}/stat")).ok()?;
        Self::parse(&String::from_utf8_lossy(&text))
    }

    /// The command may hold spaces and parentheses: it ends at the last one.
    fn parse(text: &str) -> Option<Self> {
        let (head, rest) = text.rsplit_once(')')?;
        let (_, command) = head.split_once('(')?;
        let fields: Vec<&str> = rest.split_whitespace().collect();
        Some(Self {
            command: command.to_owned(),
            state: fields.first()?.chars().next()?,
            pgid: fields.get(2)?.parse().ok()?,
            start_ticks: fields.get(19)?.parse().ok()?,
        })
    }

    pub(super) fn is_zombie(&self) -> bool {
        matches!(self.state, 'Z' | 'X')
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_name_with_spaces_and_parentheses_is_read() {
        let stat =
            Stat::parse("42 (a) b (c) S 1 42 42 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 98765 0 0 0")
                .unwrap();
        assert_eq!(stat.command, "a) b (c");
        assert_eq!((stat.pgid, stat.start_ticks, stat.state), (42, 98765, 'S'));
    }

    #[test]
    fn the_process_that_asks_is_no_helper_and_has_a_start() {
        let pid = std::process::id();
        assert!(!is_helper(pid, "RID-1"));
        assert!(start_ticks_of(pid).is_some_and(|ticks| ticks > 0));
    }
}
