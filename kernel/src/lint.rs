//! Declarations that can never take effect: a lane that cannot be given to anybody, a
//! name that leads nowhere, a region that another swallows.
//!
//! Owns the kinds of findings and how they are found. It reads what an operator
//! declared and nothing else, and it changes nothing.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use serde::Serialize;

use crate::population::Lanes;
use crate::reasons::Reason;
use crate::region::Region;

/// What is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Kind {
    /// A concurrent or picked lane has no region.
    LaneWithoutTree,
    /// A lane is to run beside others, and alone.
    LaneBothConcurrentAndExclusive,
    /// A lane in the order of picking is not declared.
    AutopickLaneUndeclared,
    /// An alias leads to a lane that is not declared.
    AliasTargetUndeclared,
    /// A lane's region lies in another lane's.
    LaneRegionShadowed,
    /// Two concurrent lanes share a part of the tree.
    ConcurrentLanesOverlap,
    /// A reason points at a lane that is not declared.
    ReasonSeeAlsoDangles,
}

/// How bad a finding is, the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The declaration cannot work.
    Error,
    /// It works, hardly as it was meant.
    Warn,
    /// A blemish.
    Info,
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What is wrong.
    pub kind: Kind,
    /// How bad it is.
    pub severity: Severity,
    /// The lane, alias or reason that it is about; two lanes are joined by `+`.
    pub subject: String,
    /// What is wrong, for people.
    pub detail: String,
    /// What to do about it.
    pub fix: String,
}

impl Kind {
    /// The token that programs see.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::LaneWithoutTree => "LANE_WITHOUT_TREE",
            Self::LaneBothConcurrentAndExclusive => "LANE_BOTH_CONCURRENT_AND_EXCLUSIVE",
            Self::AutopickLaneUndeclared => "AUTOPICK_LANE_UNDECLARED",
            Self::AliasTargetUndeclared => "ALIAS_TARGET_UNDECLARED",
            Self::LaneRegionShadowed => "LANE_REGION_SHADOWED",
            Self::ConcurrentLanesOverlap => "CONCURRENT_LANES_OVERLAP",
            Self::ReasonSeeAlsoDangles => "REASON_SEE_ALSO_DANGLES",
        }
    }

    fn severity(self) -> Severity {
        match self {
            Self::LaneWithoutTree | Self::LaneBothConcurrentAndExclusive => Severity::Error,
            Self::AutopickLaneUndeclared
            | Self::AliasTargetUndeclared
            | Self::LaneRegionShadowed
            | Self::ConcurrentLanesOverlap => Severity::Warn,
            Self::ReasonSeeAlsoDangles => Severity::Info,
        }
    }
}

impl Severity {
    /// The word that programs see.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
        }
    }
}

/// Everything that can never take effect, the worst first, then by kind and subject.
#[must_use]
pub fn lint(lanes: &Lanes, reasons: &[Reason]) -> Vec<Finding> {
    let mut findings = Vec::new();
    without_tree(lanes, &mut findings);
    names(lanes, &mut findings);
    regions(lanes, &mut findings);
    pointers(lanes, reasons, &mut findings);
    findings.sort_by(|a, b| {
        let key = |finding: &Finding| (finding.severity, finding.kind.as_str());
        key(a).cmp(&key(b)).then_with(|| a.subject.cmp(&b.subject))
    });
    findings
}

fn finding(kind: Kind, subject: &str, detail: String, fix: String) -> Finding {
    Finding { kind, severity: kind.severity(), subject: subject.into(), detail, fix }
}

fn is_declared(lanes: &Lanes, lane: &str) -> bool {
    lanes.concurrent.iter().any(|name| name == lane) || lanes.is_exclusive(lane)
}

/// An exclusive lane needs no region: it is given out when nobody else is there.
fn without_tree(lanes: &Lanes, findings: &mut Vec<Finding>) {
    let listed = lanes.concurrent.iter().chain(&lanes.autopick);
    let bare: BTreeSet<&String> = listed.filter(|lane| lanes.tree(lane).is_empty()).collect();
    findings.extend(bare.into_iter().map(|lane| {
        finding(
            Kind::LaneWithoutTree,
            lane,
            "has no tree, so nobody can tell what it may run beside".into(),
            format!("name its paths under `[lanes.trees]`, like `{lane} = [\"some/dir/**\"]`"),
        )
    }));
}

fn names(lanes: &Lanes, findings: &mut Vec<Finding>) {
    let both: BTreeSet<&String> =
        lanes.concurrent.iter().filter(|lane| lanes.is_exclusive(lane)).collect();
    findings.extend(both.into_iter().map(|lane| {
        finding(
            Kind::LaneBothConcurrentAndExclusive,
            lane,
            "is declared to run beside others and to run alone".into(),
            "keep it in one of `concurrent` and `exclusive`".into(),
        )
    }));
    let unknown = |lane: &&String| !is_declared(lanes, lane);
    findings.extend(lanes.autopick.iter().filter(unknown).map(|lane| {
        finding(
            Kind::AutopickLaneUndeclared,
            lane,
            "is in `autopick` and not declared, so it is never picked".into(),
            "add it to `concurrent` or `exclusive`, or take it out of `autopick`".into(),
        )
    }));
    let dangling = lanes.aliases.iter().filter(|(_, lane)| unknown(lane));
    findings.extend(dangling.map(|(alias, lane)| {
        finding(
            Kind::AliasTargetUndeclared,
            alias,
            format!("stands for the lane `{lane}`, which is not declared"),
            format!("declare `{lane}`, or let the alias stand for a lane that is"),
        )
    }));
}

fn regions(lanes: &Lanes, findings: &mut Vec<Finding>) {
    let with_tree = lanes.concurrent.iter().filter(|lane| !lanes.tree(lane).is_empty());
    let regions: BTreeMap<&String, Region> =
        with_tree.map(|lane| (lane, Region::new(lanes.tree(lane)))).collect();
    for (one, region) in &regions {
        for (other, beside) in regions.iter().skip_while(|(lane, _)| *lane != one).skip(1) {
            match (region.is_within(beside), beside.is_within(region)) {
                (true, false) => findings.push(shadowed(one, other)),
                (false, true) => findings.push(shadowed(other, one)),
                _ if region.overlaps(beside) => findings.push(finding(
                    Kind::ConcurrentLanesOverlap,
                    &format!("{one}+{other}"),
                    format!(
                        "`{one}` and `{other}` share paths, so whoever is first keeps the other out"
                    ),
                    "give them trees that do not meet, or make one of them exclusive".into(),
                )),
                _ => {}
            }
        }
    }
}

fn shadowed(inner: &str, outer: &str) -> Finding {
    finding(
        Kind::LaneRegionShadowed,
        inner,
        format!("all of its paths belong to `{outer}` as well, so it never runs beside that lane"),
        format!("take the lane out, or take its paths out of `{outer}`"),
    )
}

fn pointers(lanes: &Lanes, reasons: &[Reason], findings: &mut Vec<Finding>) {
    for reason in reasons {
        for pointer in &reason.see_also {
            let Some(lane) = lane_pointed_at(pointer) else { continue };
            if !is_declared(lanes, lane) {
                findings.push(finding(
                    Kind::ReasonSeeAlsoDangles,
                    &reason.token,
                    format!("`see_also` points at the lane `{lane}`, which is not declared"),
                    format!("declare `{lane}`, or correct the pointer"),
                ));
            }
        }
    }
}

/// The lane in `lane NAME`. A name in angle brackets stands for any lane.
fn lane_pointed_at(pointer: &str) -> Option<&str> {
    let pointer = pointer.trim();
    let (word, rest) = pointer.split_at_checked(5)?;
    let lane = rest.trim();
    let is_placeholder = lane.starts_with('<') && lane.ends_with('>');
    (word.eq_ignore_ascii_case("lane ") && !lane.is_empty() && !is_placeholder).then_some(lane)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reasons::{Category, built_in};
    use serde_json::{Value, json};

    fn found(lanes: Value) -> Vec<(&'static str, String)> {
        let lanes: Lanes = serde_json::from_value(lanes).unwrap();
        let findings = lint(&lanes, &built_in());
        findings.into_iter().map(|found| (found.kind.as_str(), found.subject)).collect()
    }

    fn one(kind: &'static str, subject: &str) -> Vec<(&'static str, String)> {
        Vec::from([(kind, subject.into())])
    }

    #[test]
    fn the_defaults_are_clean() {
        assert_eq!(lint(&Lanes::default(), &built_in()), []);
    }

    #[test]
    fn a_lane_needs_a_tree_unless_it_runs_alone() {
        let lanes = json!({"concurrent": ["a"], "exclusive": ["x"], "autopick": ["a"]});
        assert_eq!(found(lanes), one("LANE_WITHOUT_TREE", "a"));
    }

    #[test]
    fn names_have_to_lead_somewhere() {
        let lanes = json!({
            "concurrent": ["a"], "exclusive": ["a"], "autopick": ["b"],
            "trees": {"a": ["a/**"], "b": ["b/**"]}, "aliases": {"z": "c", "y": "a"},
        });
        assert_eq!(
            found(lanes),
            [
                ("LANE_BOTH_CONCURRENT_AND_EXCLUSIVE", "a".into()),
                ("ALIAS_TARGET_UNDECLARED", "z".into()),
                ("AUTOPICK_LANE_UNDECLARED", "b".into()),
            ]
        );
    }

    #[test]
    fn a_region_inside_another_is_a_shadow_and_a_shared_one_an_overlap() {
        let pair = |a: &[&str], b: &[&str]| {
            found(json!({"concurrent": ["b", "a"], "trees": {"a": a, "b": b}}))
        };
        assert_eq!(pair(&["src/api/**"], &["src/**"]), one("LANE_REGION_SHADOWED", "a"));
        assert_eq!(pair(&["**/*"], &["SRC/**", "docs/"]), one("LANE_REGION_SHADOWED", "b"));
        assert_eq!(pair(&["src/**"], &["src/**"]), one("CONCURRENT_LANES_OVERLAP", "a+b"));
        let crossing = pair(&["src/api/**", "docs/**"], &["src/**"]);
        assert_eq!(crossing, one("CONCURRENT_LANES_OVERLAP", "a+b"));
        assert_eq!(pair(&["src/**"], &["docs/**"]), []);
        assert_eq!(pair(&["src/**"], &[""]), [], "an empty text covers nothing");
    }

    #[test]
    fn a_reason_may_point_only_at_declared_lanes() {
        let pointing = |see_also: &[&str]| {
            let reason = Reason {
                token: "R".into(),
                category: Category::Misroute,
                refusal: true,
                see_also: see_also.iter().copied().map(Into::into).collect(),
            };
            lint(&Lanes::default(), &[reason]).len()
        };
        assert_eq!(pointing(&["lane main", "LANE  global", "lane <any>", "lane", "oracle x"]), 0);
        assert_eq!(pointing(&["lane mian", " Lane other "]), 2);
    }
}
