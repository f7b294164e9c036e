//! The environment, read once. The only file of the project that reads environment variables or the
//! working directory; it never decides anything with them.

#[cfg(test)]
mod tests;

use std::ffi::OsString;
use std::path::PathBuf;

use dosd_actors::port::failpoint;

/// What the process was given by its surroundings, as plain values.
///
/// Tests and the test harness build one by hand (`Environment { cwd, ..Environment::default() }`).
/// A variable that is set to the empty text counts as not set, except [`Self::no_color`], whose mere
/// presence decides.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Environment {
    /// The working directory; relative paths of variables and flags resolve against it.
    pub cwd: PathBuf,
    /// `DISPATCH_WORKSPACE`: the workspace when no `--workspace` names one.
    pub workspace: Option<PathBuf>,
    /// `DISPATCH_LANE_JOURNAL_PATH`, else `JOB_LANE_JOURNAL_PATH`: wins over `[paths] lane_journal`.
    pub lane_journal: Option<PathBuf>,
    /// `DISPATCH_VERDICT_JOURNAL_PATH`: wins over `[paths] verdict_journal`.
    pub verdict_journal: Option<PathBuf>,
    /// `DISPATCH_LANE_LEASE_LOCK_PATH`: the mutex shared with other implementations, when it is not
    /// beside the lane journal.
    pub lease_lock: Option<PathBuf>,
    /// `DISPATCH_ARCHIVE_LOCK_PATH`: the lock of `dosd lease`, when it is not in the state directory.
    pub archive_lock: Option<PathBuf>,
    /// `DISPATCH_ID_ALLOC_DIR`: where counters are, when not below `[paths] leases_dir`.
    pub id_alloc_dir: Option<PathBuf>,
    /// `DOSD_SOCKET`: the daemon's control socket, when it is not in the state directory.
    pub socket: Option<PathBuf>,
    /// `DOSD_SERVER`: the address of a daemon behind a network.
    pub server: Option<String>,
    /// `DOSD_TOKEN_FILE`: the file with the token for it, where `DOSD_TOKEN` is not set.
    pub token_file: Option<PathBuf>,
    /// `DOSD_CA_FILE`: certificates to trust beside those of the machine.
    pub ca_file: Option<PathBuf>,
    /// `DOSD_INSECURE` is set, and not to 0: somebody knows that a token goes over plain HTTP.
    pub insecure: bool,
    /// `DISPATCH_HOST_ID`: this host's name in journal rows, when it is not the host name.
    pub host_id: Option<String>,
    /// `DISPATCH_LOOP_TS`: the loop that this process works in.
    pub loop_ts: Option<String>,
    /// `DOS_LANE`: the lane that this process works for.
    pub lane: Option<String>,
    /// `CID_RUN_ID`: the run that this process is.
    pub run_id: Option<String>,
    /// `DISPATCH_RUN_ID`: the same, where `CID_RUN_ID` is not set.
    pub dispatch_run_id: Option<String>,
    /// `CID_PARENT_ID`: the run that started it.
    pub parent_id: Option<String>,
    /// `CID_ROOT_ID`: the run at the root of its lineage.
    pub root_id: Option<String>,
    /// `CID_PROCESS_ID`: the process name in its lineage.
    pub process_id: Option<String>,
    /// `DOS_EXPORT_FILE`: where `export --to file` writes when no `--path` says so.
    pub export_file: Option<PathBuf>,
    /// `PATH`: where programs are looked for.
    pub search_path: Option<OsString>,
    /// `NO_COLOR` is present: never colour.
    pub no_color: bool,
    /// `DOS_COLOR`: `always` or `never`.
    pub color: Option<String>,
}

/// The value of a variable that the configuration names. It is read by whoever needs it, when it is
/// needed, so that no copy of a secret can be printed.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "this is the file that reads the environment")]
pub fn variable(name: &str) -> Option<String> {
    let value = std::env::var_os(name)?.into_string().ok()?;
    (!value.is_empty()).then_some(value)
}

/// What a test wants of this process where, and where it counts; nothing where one of both is not set. Read
/// only by a program that has failpoints.
#[must_use]
pub fn failpoint() -> Option<(String, PathBuf)> {
    let passes = variable(failpoint::PASSES_VARIABLE)?;
    Some((variable(failpoint::VARIABLE)?, PathBuf::from(passes)))
}

impl Environment {
    /// Reads the process's own environment and working directory.
    ///
    /// # Errors
    ///
    /// When the working directory is gone or may not be entered.
    pub fn read() -> std::io::Result<Self> {
        #[expect(clippy::disallowed_methods, reason = "this is the one home of the environment")]
        let variable = |name: &str| std::env::var_os(name);
        Ok(Self::from_variables(std::env::current_dir()?, variable))
    }

    /// Builds an environment from a working directory and any source of variables.
    pub fn from_variables(cwd: PathBuf, variable: impl Fn(&str) -> Option<OsString>) -> Self {
        let given = |name: &str| variable(name).filter(|value| !value.is_empty());
        let path = |name: &str| given(name).map(PathBuf::from);
        let text = |name: &str| given(name).map(|value| value.to_string_lossy().into_owned());
        Self {
            cwd,
            workspace: path("DISPATCH_WORKSPACE"),
            lane_journal: path("DISPATCH_LANE_JOURNAL_PATH")
                .or_else(|| path("JOB_LANE_JOURNAL_PATH")),
            verdict_journal: path("DISPATCH_VERDICT_JOURNAL_PATH"),
            lease_lock: path("DISPATCH_LANE_LEASE_LOCK_PATH"),
            archive_lock: path("DISPATCH_ARCHIVE_LOCK_PATH"),
            id_alloc_dir: path("DISPATCH_ID_ALLOC_DIR"),
            socket: path("DOSD_SOCKET"),
            server: text("DOSD_SERVER"),
            token_file: path("DOSD_TOKEN_FILE"),
            ca_file: path("DOSD_CA_FILE"),
            insecure: text("DOSD_INSECURE").is_some_and(|value| value != "0"),
            host_id: text("DISPATCH_HOST_ID"),
            loop_ts: text("DISPATCH_LOOP_TS"),
            lane: text("DOS_LANE"),
            run_id: text("CID_RUN_ID"),
            dispatch_run_id: text("DISPATCH_RUN_ID"),
            parent_id: text("CID_PARENT_ID"),
            root_id: text("CID_ROOT_ID"),
            process_id: text("CID_PROCESS_ID"),
            export_file: path("DOS_EXPORT_FILE"),
            search_path: given("PATH"),
            no_color: variable("NO_COLOR").is_some(),
            color: text("DOS_COLOR"),
        }
    }
}
