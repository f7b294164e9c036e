//! A worker's command line with its placeholders. It never involves a shell and starts nothing.

use super::words::nearest;

/// What may stand in braces.
const PLACEHOLDERS: [&str; 3] = ["lane", "run_id", "workspace"];

/// A program and its arguments; `{lane}`, `{run_id}` and `{workspace}` stand for what differs between
/// runs. A brace after a dollar sign is the shell's (`${HOME}`) and never a placeholder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandTemplate {
    words: Vec<String>,
}

/// What the placeholders stand for in one run.
#[derive(Debug, Clone, Copy)]
pub struct Placeholders<'a> {
    /// `{lane}`.
    pub lane: &'a str,
    /// `{run_id}`.
    pub run_id: &'a str,
    /// `{workspace}`, absolute.
    pub workspace: &'a str,
}

impl Default for CommandTemplate {
    /// The agent's command line program, told to work on the lane.
    fn default() -> Self {
        Self::prompt(super::model::DEFAULT_LAUNCH_TEMPLATE)
    }
}

impl CommandTemplate {
    /// A command of these words; nothing when there is no program to start.
    #[must_use]
    pub fn new(words: Vec<String>) -> Option<Self> {
        let program = words.first()?;
        (!program.is_empty()).then_some(Self { words })
    }

    /// The program with its arguments, placeholders not yet filled in.
    #[must_use]
    pub fn words(&self) -> &[String] {
        &self.words
    }

    /// The program, placeholders not yet filled in.
    #[must_use]
    pub fn program(&self) -> &str {
        self.words.first().map_or("", String::as_str)
    }

    /// The command line of one run. What is filled in is not looked at again.
    #[must_use]
    pub fn argv(&self, values: Placeholders<'_>) -> Vec<String> {
        self.words.iter().map(|word| fill(word, values)).collect()
    }

    /// Whether the program is another one for each lane or run.
    #[must_use]
    pub fn program_varies(&self) -> bool {
        braces(self.program()).any(|brace| matches!(brace.name, "lane" | "run_id"))
    }

    /// The command that a launch line of `[supervise] worker_launch_template` means. A line whose
    /// first word is a slash command (`/name`, without a second slash) is a prompt for the agent's
    /// program, as the default line is; anything else is split into words as a shell would.
    pub(super) fn from_launch_template(line: &str) -> Result<Self, String> {
        let words = split_words(line)?;
        let Some(first) = words.first() else { return Err("is empty".to_owned()) };
        if first.strip_prefix('/').is_some_and(|name| !name.contains('/')) {
            return Ok(Self::prompt(line.trim()));
        }
        Self::new(words).ok_or_else(|| "has no program".to_owned())
    }

    fn prompt(line: &str) -> Self {
        Self { words: vec!["claude".to_owned(), "-p".to_owned(), line.to_owned()] }
    }
}

impl<'a> Placeholders<'a> {
    fn get(self, name: &str) -> Option<&'a str> {
        match name {
            "lane" => Some(self.lane),
            "run_id" => Some(self.run_id),
            "workspace" => Some(self.workspace),
            _ => None,
        }
    }
}

/// A word in braces that is no placeholder, and how it looks from here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stranger<'a> {
    /// Near enough to a placeholder to be meant as one.
    Misspelt { name: &'a str, meant: &'static str },
    /// Something of the program's own.
    Literal { name: &'a str },
}

/// The words in braces of `word` that are no placeholders.
pub(super) fn strangers(word: &str) -> impl Iterator<Item = Stranger<'_>> {
    braces(word).filter(|brace| !PLACEHOLDERS.contains(&brace.name)).map(|brace| {
        match nearest(brace.name, &PLACEHOLDERS) {
            Some(meant) => Stranger::Misspelt { name: brace.name, meant },
            None => Stranger::Literal { name: brace.name },
        }
    })
}

/// Whether a line names the lane, which is what tells its workers apart.
pub(super) fn names_lane(line: &str) -> bool {
    braces(line).any(|brace| brace.name == "lane")
}

/// `{name}` in a word, with the bytes that it takes.
struct Brace<'a> {
    start: usize,
    end: usize,
    name: &'a str,
}

fn braces(word: &str) -> impl Iterator<Item = Brace<'_>> {
    word.match_indices('{').filter_map(move |(start, _)| {
        let inside = &word[start + 1..];
        let length = inside.find(|letter: char| {
            !(letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-'))
        })?;
        let closed = inside[length..].starts_with('}');
        let shell = word[..start].ends_with('$');
        (closed && !shell && length > 0).then(|| Brace {
            start,
            end: start + length + 2,
            name: &inside[..length],
        })
    })
}

fn fill(word: &str, values: Placeholders<'_>) -> String {
    let mut filled = String::with_capacity(word.len());
    let mut rest = 0;
    for brace in braces(word) {
        if let Some(value) = values.get(brace.name) {
            filled.push_str(&word[rest..brace.start]);
            filled.push_str(value);
            rest = brace.end;
        }
    }
    filled.push_str(&word[rest..]);
    filled
}

/// Splits a line into words at white space; quotes and backslashes protect, as in a shell. Nothing
/// else of a shell works here.
fn split_words(line: &str) -> Result<Vec<String>, String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote: Option<char> = None;
    let mut letters = line.chars();
    while let Some(letter) = letters.next() {
        match (quote, letter) {
            (Some(open), _) if letter == open => quote = None,
            (None, '"' | '\'') => {
                quote = Some(letter);
                word.get_or_insert_default();
            }
            (None | Some('"'), '\\') => {
                let escaped = letters.next().ok_or("ends in a backslash")?;
                let word = word.get_or_insert_default();
                // Between double quotes a backslash protects only what could end them.
                if quote.is_some() && !matches!(escaped, '"' | '\\') {
                    word.push(letter);
                }
                word.push(escaped);
            }
            (None, _) if letter.is_whitespace() => words.extend(word.take()),
            _ => word.get_or_insert_default().push(letter),
        }
    }
    if let Some(open) = quote {
        return Err(format!("has a quote `{open}` that is not closed"));
    }
    words.extend(word);
    Ok(words)
}
