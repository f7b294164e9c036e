//! What counts as the same answer. Both sides are brought to one form first; then every difference
//! that is left has to be one of [`ALLOWED`].

use super::case::{Case, Rows};
use super::journal::has_wrong_types;
use super::lines::Line;
use crate::support::workspace::Answer;
use serde_json::{Map, Value};
use std::path::Path;

/// One line's answers.
pub(super) struct Sides<'a> {
    pub(super) case: &'a Case,
    pub(super) line: &'a Line,
    pub(super) ours: &'a Answer,
    pub(super) theirs: &'a Answer,
    /// The workspaces, ours first.
    pub(super) roots: [&'a Path; 2],
}

pub(super) enum Verdict {
    /// The same, maybe after forgiving some of [`FORGIVEN`].
    Same(Vec<&'static str>),
    /// Different as this entry of [`ALLOWED`] says.
    Allowed(&'static str),
    Differs(String),
}

/// A way in which whole answers may differ.
struct Allowed {
    id: &'static str,
    applies: fn(&Sides) -> bool,
}

/// Where ours differs on purpose. An id is that of the list of defects, or a short reason.
const ALLOWED: &[Allowed] = &[
    // A crash and a negative verdict share code 1 there; ours says 2 or 70, or can answer.
    Allowed {
        id: "W-12",
        applies: |sides| {
            sides.theirs.code == 1
                && sides.theirs.stderr.contains("Traceback (most recent call last)")
                && sides.ours.code != 1
        },
    },
    // A number where a text belongs: the peer prints it as its language does, here it is absent.
    Allowed {
        id: "values of a wrong type",
        applies: |sides| sides.case.scene.files.values().any(|text| has_wrong_types(text)),
    },
    // A commit that changes nothing, or that a later one reverts, ships nothing here.
    Allowed {
        id: "hollow commits",
        applies: |sides| {
            sides.case.verb.name == "verify"
                && sides.case.scene.history.as_ref().is_some_and(|history| history.hollow)
        },
    },
    // By default no region overlaps with another here, and nobody joins a lease that runs alone.
    Allowed {
        id: "strict regions",
        applies: |sides| {
            matches!(sides.case.verb.name, "arbitrate" | "lease-lane acquire")
                && !sides.case.scene.shares_regions_softly()
                && (sides.ours.code == 1 || sides.ours.stdout.contains("\"auto_picked\":true"))
        },
    },
    // Two processes that name the same owner are two processes, and only one of them may enter.
    Allowed {
        id: "W-2",
        applies: |sides| {
            sides.case.verb.name == "lease"
                && sides.ours.code == 1
                && sides.theirs.stdout.starts_with("re-entrant")
        },
    },
    // Looking makes a `dos.toml` there, and shows what it says.
    Allowed {
        id: "reading writes nothing",
        applies: |sides| {
            let has_config = |root: &Path| root.join("dos.toml").exists();
            sides.case.verb.name == "top"
                && !has_config(sides.roots[0])
                && has_config(sides.roots[1])
        },
    },
    // More verbs of ours have verdicts of their own.
    Allowed {
        id: "more exit codes",
        applies: |sides| {
            sides.case.verb.name == "exit-codes" && (sides.ours.code, sides.theirs.code) == (0, 2)
        },
    },
    // A name with nothing in it names nothing.
    Allowed {
        id: "blank names",
        applies: |sides| sides.ours.code == 2 && sides.line.words.iter().any(String::is_empty),
    },
    // A range that git cannot read is no range without commits.
    Allowed {
        id: "unreadable ranges",
        applies: |sides| {
            sides.case.verb.name == "commit-audit"
                && sides.line.words.iter().any(|word| word.contains(".."))
                && (sides.ours.code, sides.theirs.code) == (2, 0)
        },
    },
    // The peer counts a class's leases only for hosts that bring a ladder of lanes; ours always does.
    Allowed {
        id: "class budgets are kept",
        applies: |sides| {
            sides.case.verb.name == "arbitrate"
                && sides.ours.code == 1
                && sides.ours.stdout.contains("CLASS_BUDGET_EXHAUSTED")
        },
    },
    // The peer's language says that `true` equals 1; JSON does not.
    Allowed {
        id: "true is not 1",
        applies: |sides| sides.case.verb.name == "witness" && true_for_1(sides),
    },
];

/// Whether a key is `true` in one snapshot and 1 in the other.
fn true_for_1(sides: &Sides) -> bool {
    let [before, after] = ["before.json", "after.json"].map(|name| {
        let text = sides.case.scene.files.get(name).map_or("", String::as_str);
        serde_json::from_str::<Value>(text).unwrap_or_default()
    });
    before.as_object().is_some_and(|before| {
        before.iter().any(|(key, before)| {
            let after = &after[key];
            [(before, after), (after, before)]
                .iter()
                .any(|(one, other)| **one == Value::Bool(true) && other.as_f64() == Some(1.0))
        })
    })
}

/// A part of an answer that may differ; it makes the two equal and says whether there was anything.
struct Forgiven {
    id: &'static str,
    verbs: &'static [&'static str],
    forgive: fn(&mut Value, &mut Value) -> bool,
}

const FORGIVEN: &[Forgiven] = &[
    // An event without a stamp shows the time at which it is printed there.
    Forgiven { id: "invented stamps", verbs: &["observe"], forgive: invented_stamps },
    // A value inside of a text is JSON or `?` here, and as its language prints it there.
    Forgiven { id: "values in texts", verbs: &["decisions", "top"], forgive: values_in_texts },
    // The peer adds that it cannot know which runs live; ours knows and keeps those.
    Forgiven { id: "live runs are kept", verbs: &["reap"], forgive: unwired_runs },
];

fn invented_stamps(ours: &mut Value, theirs: &mut Value) -> bool {
    let mut found = false;
    let events = theirs.get_mut("events").and_then(Value::as_array_mut);
    for (index, event) in events.into_iter().flatten().enumerate() {
        if ours["events"][index]["ts"] == "" && event["ts"] == NOW {
            event["ts"] = "".into();
            found = true;
        }
    }
    found
}

fn values_in_texts(ours: &mut Value, theirs: &mut Value) -> bool {
    match (ours, theirs) {
        (Value::Array(ours), Value::Array(theirs)) => {
            let mut found = false;
            for (ours, theirs) in ours.iter_mut().zip(theirs) {
                found |= values_in_texts(ours, theirs);
            }
            found
        }
        (Value::Object(ours), Value::Object(theirs)) => {
            let mut found = false;
            for (key, ours) in ours {
                found |= theirs.get_mut(key).is_some_and(|theirs| values_in_texts(ours, theirs));
            }
            found
        }
        (Value::String(ours), Value::String(theirs)) if ours != theirs => {
            let object = |text: &str| {
                let (before, object) = text.split_once('{')?;
                let object = format!("{{{}", object.replace('\'', "\""));
                Some((before.to_owned(), serde_json::from_str::<Value>(&object).ok()?))
            };
            let same = object(ours).is_some() && object(ours) == object(theirs)
                || theirs.replace("None", "?") == *ours;
            if same {
                theirs.clone_from(ours);
            }
            same
        }
        _ => false,
    }
}

fn unwired_runs(_: &mut Value, theirs: &mut Value) -> bool {
    let runs = theirs.get_mut("runs").and_then(Value::as_object_mut);
    runs.is_some_and(|runs| runs.remove("liveness_unwired").is_some())
}

const NOW: &str = "<now>";

/// Compares what one line answered.
pub(super) fn answers(sides: &Sides) -> Verdict {
    let mut met = Vec::new();
    match same(sides, &mut met) {
        Ok(()) => Verdict::Same(met),
        Err(what) => match ALLOWED.iter().find(|allowed| (allowed.applies)(sides)) {
            Some(allowed) => Verdict::Allowed(allowed.id),
            None => Verdict::Differs(what),
        },
    }
}

fn same(sides: &Sides, met: &mut Vec<&'static str>) -> Result<(), String> {
    let Sides { case, line, ours, theirs, roots } = sides;
    if ours.code != theirs.code {
        return Err("exit codes differ".into());
    }
    if !line.json {
        return Ok(());
    }
    let [mut ours, mut theirs] = [(ours, roots[0]), (theirs, roots[1])].map(|(answer, root)| {
        let mut values = values(&answer.stdout)?;
        for value in &mut values {
            Form { case, root: root.to_str().expect("UTF-8") }.apply(value);
        }
        Ok::<_, String>(values)
    });
    let (ours, theirs) = (ours.as_mut(), theirs.as_mut());
    let (Ok(ours), Ok(theirs)) = (ours, theirs) else {
        // Neither prints JSON when there is no answer.
        return if sides.ours.stdout.trim() == sides.theirs.stdout.trim() {
            Ok(())
        } else {
            Err("one side prints no JSON".into())
        };
    };
    if ours.len() != theirs.len() {
        return Err(format!("{} values of dosd, {} of the peer", ours.len(), theirs.len()));
    }
    for (ours, theirs) in ours.iter_mut().zip(theirs) {
        for forgiven in FORGIVEN {
            if forgiven.verbs.contains(&case.verb.name) && (forgiven.forgive)(ours, theirs) {
                met.push(forgiven.id);
            }
        }
        if let Some(place) = difference(ours, theirs, "") {
            return Err(place);
        }
    }
    Ok(())
}

fn values(text: &str) -> Result<Vec<Value>, String> {
    serde_json::Deserializer::from_str(text)
        .into_iter()
        .collect::<Result<_, _>>()
        .map_err(|error| error.to_string())
}

/// The first place at which two values differ.
fn difference(ours: &Value, theirs: &Value, place: &str) -> Option<String> {
    match (ours, theirs) {
        (Value::Object(ours), Value::Object(theirs)) => {
            let keys = ours.keys().chain(theirs.keys().filter(|key| !ours.contains_key(*key)));
            keys.into_iter().find_map(|key| {
                let absent = Value::String("(absent)".into());
                let side = |fields: &Map<String, Value>| fields.get(key).cloned();
                difference(
                    &side(ours).unwrap_or_else(|| absent.clone()),
                    &side(theirs).unwrap_or_else(|| absent.clone()),
                    &format!("{place}.{key}"),
                )
            })
        }
        (Value::Array(ours), Value::Array(theirs)) if ours.len() == theirs.len() => {
            ours.iter().zip(theirs).enumerate().find_map(|(at, (ours, theirs))| {
                difference(ours, theirs, &format!("{place}[{at}]"))
            })
        }
        _ if ours == theirs => None,
        _ => Some(format!("at `{place}`: dosd says {ours}, the peer {theirs}")),
    }
}

/// The form in which the two are compared: without wording, and without what a run makes up itself.
struct Form<'a> {
    case: &'a Case,
    root: &'a str,
}

impl Form<'_> {
    fn apply(&self, value: &mut Value) {
        match value {
            Value::String(text) => *text = self.text(text),
            Value::Array(items) => items.iter_mut().for_each(|item| self.apply(item)),
            Value::Object(fields) => {
                // A row's `reason` was written by whoever wrote the row.
                if !fields.contains_key("op") {
                    fields.remove("reason");
                }
                fields.retain(|key, _| !self.case.verb.worded.contains(&key.as_str()));
                for (key, value) in fields {
                    let made_up = match key.as_str() {
                        "pid" => is_process(value),
                        "ts_ms" => true,
                        "holder" => self.made_up_holder(value),
                        key => self.case.verb.timed.contains(&key),
                    };
                    if made_up && !value.is_null() {
                        *value = format!("<{key}>").into();
                    } else {
                        self.apply(value);
                    }
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// `host:pid` of the process that ran.
    fn made_up_holder(&self, holder: &Value) -> bool {
        let holder = holder.as_str().unwrap_or_default();
        let pid = holder.rsplit_once(':').map_or("", |(_, pid)| pid);
        pid.parse::<u32>().is_ok() && !self.case.scene.knows(holder) && !self.case.knows(holder)
    }

    fn text(&self, text: &str) -> String {
        let text = text.replace(self.root, "<root>");
        if self.made_up_stamp(&text) {
            return NOW.into();
        }
        let run_id = text.strip_prefix("RID-").is_some_and(|id| id.len() == 15);
        if run_id && !self.case.scene.knows(&text) && !self.case.knows(&text) {
            return "<run id>".into();
        }
        text
    }

    fn made_up_stamp(&self, text: &str) -> bool {
        let shape: String =
            text.chars().map(|letter| if letter.is_ascii_digit() { '0' } else { letter }).collect();
        shape.starts_with("0000-00-00T00:00")
            && !self.case.scene.knows(text)
            && !self.case.knows(text)
    }
}

/// Whether a process id can be that of a process that ran. Those of the scenes are either tiny or
/// beyond the kernel's limit, so that the number of a process is never one of theirs by chance.
fn is_process(pid: &Value) -> bool {
    pid.as_u64().is_some_and(|pid| (100..=1 << 22).contains(&pid))
}

/// Compares the rows that the lines of a case have added.
pub(super) fn journals(case: &Case, roots: [&Path; 2]) -> Result<(), String> {
    let odd = case.scene.files.values().any(|text| has_wrong_types(text));
    if odd || case.verb.rows == Rows::Rewritten {
        return Ok(());
    }
    for journal in [&case.scene.lane_journal, &case.scene.verdict_journal] {
        let before = case.scene.files.get(journal).map_or("", String::as_str);
        let [ours, theirs] = roots.map(|root| added(case, root, journal, before));
        let (ours, theirs) = (ours?, theirs?);
        if let Some(place) = difference(&ours, &theirs, "") {
            return Err(format!(
                "rows added to {journal}: {place}\ndosd {ours}\nthe peer {theirs}"
            ));
        }
    }
    Ok(())
}

fn added(case: &Case, root: &Path, journal: &str, before: &str) -> Result<Value, String> {
    let text = std::fs::read_to_string(root.join(journal)).unwrap_or_default();
    let Some(added) = text.strip_prefix(before) else {
        return Err(format!("{}/{journal} lost what was in it", root.display()));
    };
    let mut rows = values(added)?;
    for row in &mut rows {
        Form { case, root: root.to_str().expect("UTF-8") }.apply(row);
        if let Some(row) = row.as_object_mut() {
            row.remove("seq");
            // Only rows of ours have a check sum; the peer passes over it.
            row.remove("crc32");
            // When it was written; a verb that is told the time may write that one.
            row.remove("ts");
            // A lease without a loop has none, whether that is written as null or as an empty text.
            if row.get("loop_ts").is_some_and(Value::is_null) {
                row.insert("loop_ts".into(), "".into());
            }
            if row.get("op").is_some_and(|op| op == "REFUSE") {
                row.remove("reason");
            }
        }
    }
    Ok(Value::Array(rows))
}
