//! Installs other people's programs under `target/peers/` on first use. Tests and benchmarks of several
//! packages share it.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The path of the Python implementation's `dos`, which is installed when it is not there yet.
#[allow(dead_code, reason = "not everybody who shares this file needs it")]
pub(crate) fn dos() -> PathBuf {
    python("dos-kernel", "0.22.0").with_file_name("dos")
}

/// The Python of an environment that has this package in this version.
pub(crate) fn python(package: &str, version: &str) -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("the target directory");
    let peers = target.join("peers");
    fs::create_dir_all(&peers).expect("a directory for peers");
    // Test processes of several packages may be here at once; the lock goes with the file.
    let lock = File::create(peers.join(format!("{package}.lock"))).expect("a lock file");
    lock.lock().expect("a lock");
    let venv = peers.join(package);
    let python = venv.join("bin/python");
    if installed_version(&python, package).as_deref() != Some(version) {
        must(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&venv));
        must(
            Command::new(&python)
                .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"])
                .arg(format!("{package}=={version}")),
        );
        let installed = installed_version(&python, package);
        assert_eq!(installed.as_deref(), Some(version), "what pip installed of {package}");
    }
    python
}

fn installed_version(python: &Path, package: &str) -> Option<String> {
    let ask = "import importlib.metadata as m, sys; print(m.version(sys.argv[1]))";
    let output = Command::new(python).args(["-I", "-c", ask, package]).output().ok()?;
    let version = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| version.trim().to_owned())
}

fn must(command: &mut Command) {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(
        output.status.success(),
        "{command:?}\n{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}
