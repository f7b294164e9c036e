//! Installs the Python implementation under `target/` on first use. The tests and the benchmarks of
//! whole commands share it.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

const VERSION: &str = "0.22.0";

/// The path of the peer's `dos`, which is installed when it is not there yet.
pub(crate) fn dos() -> PathBuf {
    static INSTALLED: OnceLock<PathBuf> = OnceLock::new();
    INSTALLED.get_or_init(install).clone()
}

fn install() -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("the target directory");
    let peers = target.join("peers");
    fs::create_dir_all(&peers).expect("a directory for the peer");
    // Test processes of several packages may be here at once; the lock goes with the file.
    let lock = File::create(peers.join("dos.lock")).expect("a lock file");
    lock.lock().expect("a lock");
    let venv = peers.join("dos");
    if installed_version(&venv).as_deref() != Some(VERSION) {
        must(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&venv));
        must(
            Command::new(venv.join("bin/python"))
                .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"])
                .arg(format!("dos-kernel=={VERSION}")),
        );
        assert_eq!(installed_version(&venv).as_deref(), Some(VERSION), "what pip installed");
    }
    venv.join("bin/dos")
}

fn installed_version(venv: &Path) -> Option<String> {
    let ask = "import importlib.metadata as m; print(m.version('dos-kernel'))";
    let output = Command::new(venv.join("bin/python")).args(["-I", "-c", ask]).output().ok()?;
    let version = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| version.trim().to_owned())
}

fn must(command: &mut Command) {
    let output = command.output().unwrap_or_else(|error| {
        panic!("{command:?}: {error}\n  help: these tests need `python3` with `venv` and `pip`")
    });
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?} ended with {}:\n{told}", output.status);
}
