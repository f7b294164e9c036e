//! A run that somebody watches, and the text that names it on a command line.

use alloc::format;
use alloc::string::{String, ToString};
use core::fmt;
use core::str::FromStr;

use serde_json::Value;

use crate::invalid::InvalidArgument;
use crate::lane::{Lease, LeaseKey};
use crate::run_id;

/// A watched run. Only its id is always there; what else is known adds evidence.
///
/// As text it is `RUN_ID[:START_SHA[:LANE[:LOOP_TS[:HANDLE]]]]`. A loop's stamp holds
/// colons itself, so it is read to its end as the stamp that it is; one that cannot
/// be told from what follows stands in brackets, as an IPv6 address before its port:
/// `RUN_ID::docs:[2026-11-22T10:00]:42`. The handle is all the rest, colons and all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrackedRun {
    /// The run; its id says when it began.
    pub run_id: String,
    /// The commit it began at; empty, and no commit counts for it.
    pub start_sha: String,
    /// The lane of its lease; without it no journal row counts for it.
    pub lane: String,
    /// The stamp of its lease's loop; without it no journal row counts for it.
    pub loop_ts: String,
    /// What names the run to whoever would stop it; opaque.
    pub handle: String,
    /// The command that would stop it, for people; never run here.
    pub stop_command: Option<String>,
}

impl TrackedRun {
    /// When it began; none if its id is no run id, so that it cannot be judged.
    #[must_use]
    pub fn started_ms(&self) -> Option<i64> {
        run_id::decode(&self.run_id)
    }

    /// Its lease's identity, when both halves are known.
    #[must_use]
    pub fn lease_key(&self) -> Option<LeaseKey> {
        let known = !self.lane.is_empty() && !self.loop_ts.is_empty();
        known.then(|| LeaseKey { loop_ts: self.loop_ts.clone(), lane: self.lane.clone() })
    }

    /// The run behind a live lease; none if neither the lease's run id nor its loop's
    /// stamp says when it began. A lease names no start commit, and the handle is the
    /// holder's process id.
    #[must_use]
    pub fn of_lease(lease: &Lease) -> Option<Self> {
        let ids = [lease.run_id(), lease.loop_ts()];
        let id = ids.into_iter().find(|id| run_id::decode(id).is_some())?;
        let handle = match lease.fields().get("pid") {
            Some(Value::Number(pid)) if pid.as_i64() != Some(0) => pid.to_string(),
            Some(Value::String(pid)) => pid.clone(),
            _ => String::new(),
        };
        Some(Self {
            run_id: id.into(),
            lane: lease.lane().into(),
            loop_ts: lease.loop_ts().into(),
            handle,
            ..Self::default()
        })
    }
}

impl FromStr for TrackedRun {
    type Err = InvalidArgument;

    fn from_str(spec: &str) -> Result<Self, InvalidArgument> {
        let mut fields = spec.splitn(4, ':').map(|field| field.trim().to_string());
        let mut field = || fields.next().unwrap_or_default();
        let (run_id, start_sha, lane, rest) = (field(), field(), field(), field());
        if run_id.is_empty() {
            return Err(InvalidArgument(format!(
                "`{spec}` names no run: begin with its id, as RUN_ID[:START_SHA[:LANE[:LOOP_TS[:HANDLE]]]]"
            )));
        }
        let (loop_ts, handle) = split_loop_ts(&rest);
        let (loop_ts, handle) = (loop_ts.trim().into(), handle.trim().into());
        Ok(Self { run_id, start_sha, lane, loop_ts, handle, stop_command: None })
    }
}

impl fmt::Display for TrackedRun {
    /// The shortest text that is read back as this run, its command aside. No field
    /// before the handle but the stamp can hold a colon.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { run_id, start_sha, lane, loop_ts, handle, .. } = self;
        let plain = match (loop_ts.as_str(), handle.as_str()) {
            ("", "") => String::new(),
            (_, "") => loop_ts.clone(),
            _ => format!("{loop_ts}:{handle}"),
        };
        let rest = if split_loop_ts(&plain) == (loop_ts, handle) {
            plain
        } else {
            format!("[{loop_ts}]:{handle}")
        };
        let text = format!("{run_id}:{start_sha}:{lane}:{rest}");
        f.write_str(text.trim_end_matches(':'))
    }
}

/// Cuts a loop's stamp from the handle behind it.
fn split_loop_ts(text: &str) -> (&str, &str) {
    if let Some((stamp, rest)) = text.strip_prefix('[').and_then(|inner| inner.split_once(']'))
        && (rest.is_empty() || rest.starts_with(':'))
    {
        return (stamp, rest.strip_prefix(':').unwrap_or_default());
    }
    // A stamp's own colons are passed over; anything else ends at its first colon.
    let (stamp, rest) = text.split_at(stamp_length(text.as_bytes()));
    match rest.split_once(':') {
        Some((more, handle)) => {
            let length = stamp.len() + more.len();
            (text.get(..length).unwrap_or_default(), handle)
        }
        None => (text, ""),
    }
}

/// How many bytes of the beginning are a date and a time: `2026-11-22T10:00`, then
/// perhaps seconds, a fraction of one, and an offset such as `+02:00`. None of them
/// are without at least hours and minutes.
fn stamp_length(text: &[u8]) -> usize {
    let Some(mut length) = matching(text, b"0000-00-00T00:00") else { return 0 };
    let rest = |length: usize| text.get(length..).unwrap_or_default();
    length += matching(rest(length), b":00").filter(|_| is_end(rest(length + 3))).unwrap_or(0);
    if rest(length).first() == Some(&b'.') {
        length += 1 + rest(length + 1).iter().take_while(|byte| byte.is_ascii_digit()).count();
    }
    for offset in [b"+00:00", b"-00:00"] {
        length += matching(rest(length), offset).unwrap_or(0);
    }
    length
}

/// Whether no digit follows: `10:00:4711` is a stamp of minutes before a process id.
fn is_end(rest: &[u8]) -> bool {
    !rest.first().is_some_and(u8::is_ascii_digit)
}

/// The length of a pattern in which `0` stands for any digit, if `text` begins so.
fn matching(text: &[u8], pattern: &[u8]) -> Option<usize> {
    let beginning = text.get(..pattern.len())?;
    let fits = |(byte, wanted): (&u8, &u8)| match wanted {
        b'0' => byte.is_ascii_digit(),
        _ => byte == wanted,
    };
    beginning.iter().zip(pattern).all(fits).then_some(pattern.len())
}

#[cfg(test)]
mod tests {
    use super::TrackedRun;
    use crate::lane::Lease;
    use alloc::string::{String, ToString};
    use proptest::prelude::*;
    use serde_json::json;

    fn parts(spec: &str) -> [String; 5] {
        let run: TrackedRun = spec.parse().unwrap();
        [run.run_id, run.start_sha, run.lane, run.loop_ts, run.handle]
    }

    #[test]
    fn w_27_a_stamp_keeps_its_colons() {
        for (spec, want) in [
            ("R", ["R", "", "", "", ""]),
            ("R:abc", ["R", "abc", "", "", ""]),
            (" R : abc : docs ", ["R", "abc", "docs", "", ""]),
            ("R:abc:docs:L3", ["R", "abc", "docs", "L3", ""]),
            ("R:abc:docs:L3:42", ["R", "abc", "docs", "L3", "42"]),
            ("R:::2026-11-22T10:00", ["R", "", "", "2026-11-22T10:00", ""]),
            ("R:::2026-11-22T10:00Z:42", ["R", "", "", "2026-11-22T10:00Z", "42"]),
            ("R:::2026-11-22T11:30:05Z", ["R", "", "", "2026-11-22T11:30:05Z", ""]),
            ("R:a:b:2026-11-22T11:30:05Z:4711", ["R", "a", "b", "2026-11-22T11:30:05Z", "4711"]),
            ("R:::2026-11-22T10:00:4711", ["R", "", "", "2026-11-22T10:00", "4711"]),
            ("R:::2026-11-22T10:00:05:4711", ["R", "", "", "2026-11-22T10:00:05", "4711"]),
            ("R:::[2026-11-22T10:00]:42", ["R", "", "", "2026-11-22T10:00", "42"]),
            (
                "R:::2026-11-22T11:30:05.250+02:00:docker:x",
                ["R", "", "", "2026-11-22T11:30:05.250+02:00", "docker:x"],
            ),
            ("R:::2026-11-22T10:00Z-2:h", ["R", "", "", "2026-11-22T10:00Z-2", "h"]),
            ("R::::h", ["R", "", "", "", "h"]),
        ] {
            assert_eq!(parts(spec), want, "{spec}");
        }
        for nameless in ["", " ", ":abc", " : "] {
            assert!(nameless.parse::<TrackedRun>().is_err(), "{nameless:?}");
        }
    }

    #[test]
    fn a_lease_is_a_run_when_it_says_when_it_began() {
        let of = |value: serde_json::Value| {
            TrackedRun::of_lease(&Lease::new(value.as_object().cloned().unwrap()))
        };
        let id = "RID-1M82S4XZC3MKKR0";
        let run = of(json!({"run_id": id, "lane": "docs", "loop_ts": "L", "pid": 7})).unwrap();
        assert_eq!(run.to_string(), "RID-1M82S4XZC3MKKR0::docs:L:7");
        assert!(run.started_ms().is_some() && run.lease_key().is_some());
        let run = of(json!({"run_id": "x", "lane": "docs", "loop_ts": id, "pid": 0})).unwrap();
        assert_eq!((run.run_id.as_str(), run.handle.as_str()), (id, ""));
        assert_eq!(of(json!({"run_id": "x", "lane": "docs", "loop_ts": "L"})), None);
    }

    /// Stamps as loops choose them, and worse.
    fn stamp() -> impl Strategy<Value = String> {
        prop_oneof![
            "[0-9]{4}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9](:[0-5][0-9](\\.[0-9]{1,3})?)?(Z|\\+0[0-9]:00|-01:30)?",
            "RID-[0-9A-HJKMNP-TV-Z]{15}",
            "[a-zA-Z0-9:.TZ+-]{0,12}",
        ]
    }

    proptest! {
        #[test]
        fn w_27_a_run_is_read_back_as_it_was_written(
            run_id in "[A-Z0-9-]{1,20}",
            start_sha in "[0-9a-f]{0,12}",
            lane in "[a-zü/]{0,8}",
            loop_ts in stamp(),
            handle in "[a-z0-9:/\\[-]{0,9}",
        ) {
            // A handle that ends in colons alone says nothing that could be kept.
            let handle = handle.trim_end_matches(':').into();
            let loop_ts = loop_ts.trim_end_matches(':').into();
            let run = TrackedRun { run_id, start_sha, lane, loop_ts, handle, stop_command: None };
            let text = run.to_string();
            prop_assert_eq!(text.parse::<TrackedRun>(), Ok(run), "{}", text);
        }

        #[test]
        fn any_text_parses_or_is_refused(text in "\\PC{0,40}") {
            if let Ok(run) = text.parse::<TrackedRun>() {
                prop_assert!(!run.run_id.is_empty());
            }
        }
    }
}
