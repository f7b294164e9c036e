//! A PostgreSQL server of one's own, on a socket in a folder that goes with it. The tests of the
//! surfaces and those of the whole binary share it.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use dosd_surfaces::Secret;
use tempfile::TempDir;

/// A server that is stopped when the test is over.
pub(crate) struct Server {
    folder: TempDir,
}

/// Where Debian puts the programs, each version in a folder.
const VERSIONS: &str = "/usr/lib/postgresql";

impl Server {
    pub(crate) fn start() -> Self {
        let server = Self { folder: tempfile::tempdir().expect("a folder") };
        if is_root() {
            run(Command::new("chown").arg("postgres").arg(server.path()));
        }
        let data = server.data();
        let mut initdb = as_user("initdb");
        initdb.args(["--auth=trust", "--username=tester", "--no-sync", "--locale=C.UTF-8", "-D"]);
        run(initdb.arg(&data));
        let mut openssl = as_user("/usr/bin/openssl");
        openssl.args(["req", "-new", "-x509", "-nodes", "-subj", "/CN=test", "-addext"]);
        openssl.args(["subjectAltName=DNS:localhost", "-addext", "basicConstraints=CA:FALSE"]);
        openssl.arg("-keyout").arg(data.join("server.key"));
        run(openssl.arg("-out").arg(server.certificate()));
        let (socket, port) = (server.path().display(), port(&server));
        let options = format!("-F -k {socket} -c port={port} -c ssl=on");
        let mut start = as_user("pg_ctl");
        start.args(["start", "--wait", "--silent", "--log"]).arg(data.join("log"));
        run(start.args(["-o", &options, "-D"]).arg(&data));
        server
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn data(&self) -> PathBuf {
        self.path().join("data")
    }

    /// What it shows to whoever connects through the network, signed by itself.
    pub(crate) fn certificate(&self) -> PathBuf {
        self.data().join("server.crt")
    }

    /// Through its socket.
    pub(crate) fn url(&self) -> Secret {
        let host = self.path().display().to_string().replace('/', "%2F");
        Secret::new(format!("postgres://tester:hidden@{host}:{}/postgres", port(self)))
    }

    /// Through the network, with these options.
    pub(crate) fn network_url(&self, options: &str) -> Secret {
        Secret::new(format!("postgres://tester:hidden@localhost:{}/postgres?{options}", port(self)))
    }

    /// Has it execute statements, in one transaction, and gives what they print.
    pub(crate) fn execute(&self, statements: &str) -> String {
        let mut psql = as_user("psql");
        psql.args(["--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--username=tester"]);
        psql.args([
            "--set=ON_ERROR_STOP=1",
            "--dbname=postgres",
            "--port",
            &port(self).to_string(),
        ]);
        let output = run(psql.arg("--host").arg(self.path()).args(["--command", statements]));
        String::from_utf8(output.stdout).expect("UTF-8").trim().to_owned()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // By the process id that the server wrote down.
        let mut stop = as_user("pg_ctl");
        let stopped = stop.args(["stop", "--mode=immediate", "--silent", "-D"]).arg(self.data());
        assert!(stopped.status().is_ok_and(|status| status.success()) || std::thread::panicking());
    }
}

/// One for each server, by its folder's inode; somebody else's server does not take it often.
fn port(server: &Server) -> u64 {
    use std::os::unix::fs::MetadataExt as _;
    20_000 + server.path().metadata().expect("a folder").ino() % 10_000
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// A program of PostgreSQL, which refuses to be run by root.
fn as_user(program: &str) -> Command {
    let program = programs().join(program);
    if is_root() {
        let mut command = Command::new("setpriv");
        command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]).arg(program);
        command.current_dir("/");
        command
    } else {
        Command::new(program)
    }
}

fn programs() -> &'static Path {
    static PROGRAMS: OnceLock<PathBuf> = OnceLock::new();
    PROGRAMS.get_or_init(|| {
        if let Some(found) = find() {
            return found;
        }
        assert!(is_root(), "PostgreSQL is not installed: apt-get install postgresql");
        // Test processes of several packages may be here at once; the lock goes with the file.
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("the target directory");
        let lock = File::create(target.join("postgresql.lock")).expect("a lock file");
        lock.lock().expect("a lock");
        if let Some(found) = find() {
            return found;
        }
        let mut apt = Command::new("apt-get");
        run(apt.arg("update"));
        let mut apt = Command::new("apt-get");
        apt.env("DEBIAN_FRONTEND", "noninteractive");
        run(apt.args(["install", "--yes", "--no-install-recommends", "postgresql"]));
        find().expect("PostgreSQL, which is installed")
    })
}

fn find() -> Option<PathBuf> {
    let versions = std::fs::read_dir(VERSIONS).ok()?.flatten();
    versions.map(|version| version.path().join("bin")).find(|bin| bin.join("initdb").exists())
}

fn run(command: &mut Command) -> Output {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {output:?}");
    output
}
