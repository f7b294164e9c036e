//! The grammar, subject by subject.

use super::{Convention, Entry, Rung, candidates};
use crate::ship::Claim;
use alloc::vec;
use alloc::vec::Vec;
use proptest::prelude::*;

fn rung(plan: &str, phase: &str, convention: &Convention, subject: &str) -> Option<Rung> {
    let entry = Entry { id: "", short_id: "", subject, body: "also: PSC Phase 8, and AUTH7" };
    let found = candidates(Claim { plan, phase }, convention, &[entry]);
    found.first().map(|candidate| candidate.rung)
}

fn generic(plan: &str, phase: &str, subject: &str) -> Option<Rung> {
    rung(plan, phase, &Convention::default(), subject)
}

#[test]
fn a_subject_begins_with_the_phase() {
    for subject in [
        "AUTH: AUTH2 — token refresh",
        "AUTH: AUTH2",
        "auth auth2: token refresh",
        "src/AUTH: AUTH2 done",
        "AUTH2: token refresh",
        "src/AUTH2: token refresh",
        "AUTH: Phase 2",
        "AUTHAUTH2: doubled",
    ] {
        assert_eq!(generic("AUTH", "AUTH2", subject), Some(Rung::Direct), "{subject}");
    }
    for subject in [
        "AUTH: AUTH20",
        "AUTH: AUTH2.1 part",
        "AUTH: AUTH2-port",
        "AUTH2 token refresh",
        "AUTH2:token",
        "fix AUTH: AUTH2",
        "docs/notes/AUTH: AUTH2",
        "Revert \"AUTH2: token refresh\"",
        "working-dir snapshot: AUTH2",
        "AUTH:AUTH2",
        "",
    ] {
        assert_eq!(generic("AUTH", "AUTH2", subject), None, "{subject}");
    }
    let names = [("hybrid-cache", "Phase 4"), ("SGLang charts", "Phase 4")];
    for (plan, phase) in names {
        let subject = alloc::format!("{plan}: Phase 4 — table");
        assert_eq!(generic(plan, phase, &subject), Some(Rung::Direct));
        assert_eq!(generic(plan, "Phase 40", &subject), None);
    }
}

#[test]
fn declared_directories_are_required() {
    let convention =
        Convention { subject_dirs: vec!["docs".into(), "go".into()], ..Convention::default() };
    let rung = |subject| rung("AUTH", "AUTH2", &convention, subject);
    assert_eq!(rung("docs/AUTH: AUTH2 x"), Some(Rung::Direct));
    assert_eq!(rung("GO/auth AUTH2"), Some(Rung::Direct));
    for subject in ["AUTH: AUTH2 x", "src/AUTH: AUTH2", "AUTH2: x", "docs/AUTH2: x"] {
        assert_eq!(rung(subject), None, "{subject}");
    }
}

#[test]
fn progress_is_no_stamp_where_its_words_are_declared() {
    let convention = Convention {
        progress_markers: vec!["audit".into(), "week-1".into()],
        ..Convention::default()
    };
    let rung = |subject| rung("AUTH", "AUTH2", &convention, subject);
    for subject in ["AUTH: AUTH2 audit of rows", "AUTH: AUTH2 Week-1", "v1.0.0: AUTH2 audit"] {
        assert_eq!(rung(subject), None, "{subject}");
        assert!(generic("AUTH", "AUTH2", subject).is_some(), "{subject}");
    }
    for subject in ["AUTH: AUTH2: audit", "AUTH: AUTH2 — audit", "AUTH: AUTH2 auditing"] {
        assert_eq!(rung(subject), Some(Rung::Direct), "{subject}");
    }
}

#[test]
fn a_trailer_counts_where_it_is_declared() {
    let convention = Convention { trailer_stamp: true, ..Convention::default() };
    let plan = "docs/286_ship-the-binary";
    for subject in [
        "feat(pypi): wheels (docs/286 Phase 3)",
        "feat: wheels (refs docs/286: phase 3) ",
        "feat: wheels ( docs/286_ship-the-binary Phase 3 )",
    ] {
        assert_eq!(rung(plan, "Phase 3", &convention, subject), Some(Rung::Trailer), "{subject}");
        assert_eq!(generic(plan, "Phase 3", subject), None, "{subject}");
    }
    for subject in [
        "feat: wheels (docs/286 Phase 30)",
        "feat: wheels (docs/286 Phase 3 audit)",
        "feat: (docs/286 Phase 3) wheels",
        "v1.2.3: wheels (docs/286 Phase 3 )",
        "working-dir snapshot: (docs/286 Phase 3)",
    ] {
        let found = rung(plan, "Phase 3", &convention, subject);
        assert_ne!(found, Some(Rung::Trailer), "{subject}");
    }
}

#[test]
fn a_release_names_phases_in_its_subject_or_body() {
    assert_eq!(generic("AUTH", "AUTH2", "v1.2.3: UI + AUTH2 + more"), Some(Rung::ReleasePrefix));
    assert_eq!(generic("AUTH", "AUTH2", "v1.2.3: UI + AUTH20"), None);
    assert_eq!(generic("PSC", "Phase 8", "v0.62.0: docs/09 Phase 8 UI"), Some(Rung::BodyMention));
    assert_eq!(generic("EV", "Phase 8", "v0.62.0: docs/09 Phase 8 UI"), None);
    assert_eq!(generic("AUTH", "AUTH7", "v1.0.0: things"), Some(Rung::BodyMention));
    assert_eq!(generic("AUTH", "AUTH7", "things"), None);
}

#[test]
fn a_body_is_only_read_near_the_top() {
    let entry = |subject| Entry { id: "", short_id: "", subject, body: "AUTH7" };
    let mut history = vec![entry("other"); 49];
    history.push(entry("v1.0.0: things"));
    let claim = Claim { plan: "AUTH", phase: "AUTH7" };
    assert_eq!(candidates(claim, &Convention::default(), &history).len(), 1);
    history.insert(0, entry("other"));
    assert_eq!(candidates(claim, &Convention::default(), &history).len(), 0);
}

#[test]
fn bundles_and_parts_count_where_they_are_declared() {
    let convention = Convention {
        subject_dirs: vec!["docs".into()],
        summary_bundle_prefixes: vec!["docs/HYG:".into()],
        sub_phase_parent_fallback: true,
        ..Convention::default()
    };
    let prose = "docs/HYG: Dropbox zero-apply picker";
    assert_eq!(rung("HYG", "dropbox_zero_apply", &convention, prose), Some(Rung::HygSlug));
    assert_eq!(generic("HYG", "dropbox_zero_apply", prose), None);
    let part = "docs/UP: UP6 — /ui/system/diagnostics tile";
    assert_eq!(rung("UP", "UP6-diagnostics", &convention, part), Some(Rung::SubPhaseParent));
    assert_eq!(rung("UP", "UP6-other", &convention, part), None);
    assert_eq!(generic("UP", "UP6-diagnostics", "UP: UP6 diagnostics"), None);
}

#[test]
fn clearer_rungs_come_first_then_newer_commits() {
    let subjects = ["v1.0.0: AUTH2", "other", "AUTH2: again", "AUTH2: tokens", "v0.9.0: AUTH2"];
    let history: Vec<_> =
        subjects.iter().map(|subject| Entry { id: "", short_id: "", subject, body: "" }).collect();
    let claim = Claim { plan: "AUTH", phase: "AUTH2" };
    let found = candidates(claim, &Convention::default(), &history);
    let places: Vec<_> = found.iter().map(|candidate| candidate.place).collect();
    assert_eq!(places, [2, 3, 0, 4]);
}

proptest! {
    #[test]
    fn no_text_makes_it_fail(plan in ".{0,12}", phase in ".{0,12}", subject in ".{0,40}", all: bool) {
        let convention = Convention {
            subject_dirs: if all { vec!["d".into()] } else { vec![] },
            summary_bundle_prefixes: vec![plan.clone()],
            bookkeeping_prefixes: vec![],
            progress_markers: vec!["audit".into()],
            sub_phase_parent_fallback: true,
            trailer_stamp: true,
        };
        rung(&plan, &phase, &convention, &subject);
    }

    #[test]
    fn a_stamp_is_found_and_a_longer_id_is_not(
        plan in "[A-Z]{2,6}", number in 1_u32..99, word in "[a-z ]{0,12}",
    ) {
        let phase = alloc::format!("{plan}{number}");
        let stamp = alloc::format!("{phase}: {word}");
        prop_assert_eq!(generic(&plan, &phase, &stamp), Some(Rung::Direct));
        let longer = alloc::format!("{phase}0: {word}");
        prop_assert_eq!(generic(&plan, &phase, &longer), None);
    }
}
