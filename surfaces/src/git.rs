//! A git repository: where its refs stand, and the files of a commit.

use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::Command;

use dosd_actors::port::{Children, Output, Program, git_command};
use dosd_actors::witness::{Entities, Surface, Unreadable};
use dosd_kernel::evidence::Accountability;
use serde_json::{Value, json};

use crate::Identity;
use crate::bounded::Bounded;
use crate::run;

/// A field of git's output is a path, an id or both: longer ones are none.
const LONGEST_FIELD: u64 = 1 << 16;

/// A git repository, read with the `git` command, which is given nothing to write and runs
/// no program that the repository names.
///
/// An entity is a ref, `refs/heads/main`, whose value is the id that it stands for; a ref
/// that does not exist is absent. With `files`, an entity is a file of that commit as well,
/// `HEAD:src/main.rs`, whose value is `{"mode": "100644", "object": ID}`; a commit that does
/// not exist cannot be read. Bytes of a path that are not UTF-8 are written `\xNN`.
///
/// The refs are of one moment, and the files of one commit: the one that `files` stood for
/// right after.
#[derive(Debug, Clone)]
pub struct Git {
    /// Its name and rung.
    pub identity: Identity,
    /// The top directory of the repository, or a bare one.
    pub path: PathBuf,
    /// Which refs, as git matches them: `refs/tags`, `refs/heads/release-*`.
    pub refs: Vec<String>,
    /// The commit whose files are read, as `HEAD` or `refs/heads/main`.
    pub files: Option<String>,
    /// Whose child git is.
    pub children: Children,
}

impl Surface for Git {
    fn name(&self) -> &str {
        &self.identity.name
    }

    fn kind(&self) -> &'static str {
        "git"
    }

    fn accountability(&self) -> Accountability {
        self.identity.accountability
    }

    fn read(&self, into: &mut dyn Entities) -> Result<(), Unreadable> {
        if let Some(odd) = self.refs.iter().find(|pattern| !pattern.starts_with("refs/")) {
            return Err(self.failed(&format_args!(
                "`{odd}` matches no ref: write it in full, for example `refs/heads/{odd}`"
            )));
        }
        if !self.refs.is_empty() {
            self.read_refs(into)?;
        }
        let Some(files) = &self.files else { return Ok(()) };
        let commit = self.commit(files, into)?;
        self.read_files(files, &commit, into)
    }
}

impl Git {
    fn read_refs(&self, into: &mut dyn Entities) -> Result<(), Unreadable> {
        let mut command = self.git()?;
        // A ref's name holds neither a space nor a line end.
        command.args(["for-each-ref", "--format=%(objectname) %(refname)"]).args(&self.refs);
        let complaint = self.ask(command, b'\n', into, |line, into| {
            let (object, name) = split(line, b' ')?;
            Some(into.entity(&text(name), text(object).into()).map_err(Unreadable::from))
        })?;
        // Git leaves out what it cannot read, and succeeds.
        if complaint.contains("ignoring broken") || complaint.contains("ignoring ref") {
            return Err(self.failed(&complaint));
        }
        Ok(())
    }

    /// The commit that is meant now.
    fn commit(&self, files: &str, into: &mut dyn Entities) -> Result<String, Unreadable> {
        let mut command = self.git()?;
        let commit = format!("{files}^{{commit}}");
        command.args(["rev-parse", "--verify", "--end-of-options", &commit]);
        let mut id = String::new();
        self.ask(command, b'\n', into, |line, _| {
            id = text(line);
            Some(Ok(()))
        })
        .map_err(|why| Unreadable::new(format!("{why} (`files` asks for `{files}`)")))?;
        Ok(id)
    }

    fn read_files(
        &self,
        files: &str,
        commit: &str,
        into: &mut dyn Entities,
    ) -> Result<(), Unreadable> {
        let mut command = self.git()?;
        command.args(["ls-tree", "-r", "-z", "--full-tree", "--end-of-options", commit]);
        self.ask(command, 0, into, |record, into| {
            let (about, path) = split(record, b'\t')?;
            let (mode, rest) = split(about, b' ')?;
            let (_, object) = split(rest, b' ')?;
            let value: Value = json!({"mode": text(mode), "object": text(object)});
            let key = format!("{files}:{}", text(path));
            Some(into.entity(&key, value).map_err(Unreadable::from))
        })?;
        Ok(())
    }

    /// A question about this repository, and not about one that it happens to lie in.
    fn git(&self) -> Result<Command, Unreadable> {
        let top = self.path.canonicalize().map_err(|cause| self.failed(&cause))?;
        let mut command = git_command(Path::new("git"), &top);
        if let Some(parent) = top.parent() {
            command.env("GIT_CEILING_DIRECTORIES", parent);
        }
        // Commits are what they are, whatever somebody would put in their place.
        command.env("GIT_NO_REPLACE_OBJECTS", "1");
        Ok(command)
    }

    /// Has git answer, and takes the answer record by record; gives what git complained of.
    fn ask(
        &self,
        command: Command,
        end: u8,
        into: &mut dyn Entities,
        mut take: impl FnMut(&[u8], &mut dyn Entities) -> Option<Result<(), Unreadable>>,
    ) -> Result<String, Unreadable> {
        let (within, max) = (into.time_left(), into.bytes_left().max(LONGEST_FIELD));
        let mut program = Program::start(command, Output::Read, within, &self.children)
            .map_err(|cause| self.failed(&format_args!("`git` cannot be started: {cause}")))?;
        let mut records = BufReader::with_capacity(1 << 16, Bounded::new(&mut program, max));
        let mut record = Vec::new();
        loop {
            record.clear();
            let mut field = io::Read::take(&mut records, LONGEST_FIELD);
            let read = field.read_until(end, &mut record);
            if read.map_err(|cause| run::failed("git".as_ref(), &cause))? == 0 {
                break;
            }
            let taken = record.strip_suffix(&[end]).and_then(|record| take(record, into));
            taken.ok_or_else(|| self.failed(&"git prints something else than is documented"))??;
        }
        let ended = program.finish().map_err(|cause| run::failed("git".as_ref(), &cause))?;
        if ended.status.success() {
            Ok(ended.complaint)
        } else {
            Err(self.failed(&run::ended("git".as_ref(), &ended)))
        }
    }

    fn failed(&self, cause: &dyn std::fmt::Display) -> Unreadable {
        Unreadable::new(format!("the repository `{}`: {cause}", self.path.display()))
    }
}

fn split(bytes: &[u8], at: u8) -> Option<(&[u8], &[u8])> {
    let position = bytes.iter().position(|byte| *byte == at)?;
    Some((bytes.get(..position)?, bytes.get(position + 1..)?))
}

/// Bytes as text, those that are none as `\xNN`.
fn text(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        for byte in chunk.invalid() {
            text.push_str("\\x");
            for digit in [byte >> 4, byte & 15] {
                text.extend(char::from_digit(digit.into(), 16));
            }
        }
    }
    text
}
