//! Replays inputs of a target, or looks for ones that break a law.

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;
use dosd_fuzz::bounded::{search, try_one};
use dosd_fuzz::{TARGETS, Target, corpus, target};

/// Inputs from outside, as functions over bytes
#[derive(Debug, Parser)]
#[command(
    after_help = "Exit codes:\n  0 every law holds, 1 one is broken, 2 usage, 70 a file cannot be read or written"
)]
struct Arguments {
    /// Which target; without one they are listed
    #[arg(value_parser = named)]
    target: Option<Target>,
    /// Files to replay; without any, mutations of the kept corpus are run
    files: Vec<PathBuf>,
    /// What decides the mutations
    #[arg(long, default_value_t = 1, conflicts_with = "files")]
    seed: u64,
    /// How many of them
    #[arg(long, default_value_t = 100_000, conflicts_with = "files")]
    mutations: u64,
    /// Where an input that breaks a law is written to
    #[arg(long, default_value = "target/fuzz/findings")]
    findings: PathBuf,
}

fn named(name: &str) -> Result<Target, String> {
    let names = TARGETS.map(|target| target.name).join(", ");
    target(name).ok_or_else(|| format!("there are {names}"))
}

#[expect(clippy::print_stdout, clippy::print_stderr, reason = "reports are what it is for")]
fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let Some(target) = arguments.target else {
        for Target { name, about, .. } in TARGETS {
            println!("{name:9} {about}");
        }
        return ExitCode::SUCCESS;
    };
    let report = if arguments.files.is_empty() {
        look(target, &arguments)
    } else {
        replay(target, &arguments.files)
    };
    match report {
        Ok(None) => {
            println!("{}: every law holds", target.name);
            ExitCode::SUCCESS
        }
        Ok(Some(finding)) => {
            println!("{finding}");
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(70)
        }
    }
}

fn replay(target: Target, files: &[PathBuf]) -> io::Result<Option<String>> {
    let read = |path: &PathBuf| {
        let named = |error: io::Error| io::Error::other(format!("{}: {error}", path.display()));
        std::fs::read(path).map_err(named)
    };
    for path in files {
        if let Some(said) = try_one(target, &read(path)?) {
            return Ok(Some(format!("{}: `{}`: {said}", target.name, path.display())));
        }
    }
    Ok(None)
}

fn look(target: Target, arguments: &Arguments) -> io::Result<Option<String>> {
    let kept = corpus::read(&corpus::directory(target.name))?;
    let Some(finding) = search(target, &kept, arguments.seed, arguments.mutations) else {
        return Ok(None);
    };
    let path: &Path = &finding.keep(&arguments.findings)?;
    Ok(Some(finding.report(path)))
}
