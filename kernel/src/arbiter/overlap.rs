//! How far the region of a request may reach into the region of a live lease.
//!
//! Owns the two policies and their bounds. It compares one request with one lease;
//! which leases count is not its business.

use alloc::format;
use alloc::string::String;
use core::fmt;

use serde::{Deserialize, Serialize};

use super::extent::Extent;
use crate::invalid::InvalidArgument;

/// The largest part of a request that may lie in another's region, whatever is configured.
const MOST_SHARED: f64 = 1.0 / 3.0;

/// Which overlaps are let through.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OverlapPolicy {
    /// None: two leases never cover one path, and a lease that runs alone is not
    /// joined, whichever way it says that it does.
    #[default]
    Strict,
    /// Small ones: two writers may then meet in the shared part. The rule of the
    /// Python package, where it is called `prefix`.
    #[serde(alias = "prefix")]
    Soft,
}

/// An overlap policy with its bound.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Unchecked")]
pub struct Overlap {
    policy: OverlapPolicy,
    ratio_max: f64,
}

impl Overlap {
    /// A policy, and the largest part of a request's entries, from 0 to 1, that it
    /// lets lie in another's region. More than a third never passes, and
    /// [`OverlapPolicy::Strict`] lets nothing pass.
    ///
    /// # Errors
    ///
    /// When the bound is no number from 0 to 1.
    pub fn new(policy: OverlapPolicy, ratio_max: f64) -> Result<Self, InvalidArgument> {
        if (0.0..=1.0).contains(&ratio_max) {
            Ok(Self { policy, ratio_max })
        } else {
            let message = format!("`ratio_max` is `{ratio_max}`: pass a number from 0 to 1");
            Err(InvalidArgument(message))
        }
    }

    /// The soft policy at its usual bound, a third.
    #[must_use]
    pub fn soft() -> Self {
        Self { policy: OverlapPolicy::Soft, ratio_max: MOST_SHARED }
    }

    /// The policy.
    #[must_use]
    pub fn policy(&self) -> OverlapPolicy {
        self.policy
    }

    /// The bound, as it was given.
    #[must_use]
    pub fn ratio_max(&self) -> f64 {
        self.ratio_max
    }

    /// What speaks against the request beside a lease; none if they may run side by side.
    pub(super) fn clash(&self, asked: &Extent, held: &Extent) -> Option<Clash> {
        // A lease that names nothing would otherwise block every request for ever.
        if held.entries == 0 {
            return None;
        }
        let unknown = match self.policy {
            OverlapPolicy::Strict => asked.is_blank(),
            OverlapPolicy::Soft => asked.entries == 0,
        };
        if unknown {
            return Some(Clash::UnknownExtent);
        }
        match self.policy {
            OverlapPolicy::Strict => {
                let (asked, held) = asked.first_meeting(held)?;
                Some(Clash::Meeting { asked: asked.into(), held: held.into() })
            }
            OverlapPolicy::Soft => self.soft_clash(asked, held),
        }
    }

    fn soft_clash(&self, asked: &Extent, held: &Extent) -> Option<Clash> {
        if let Some(prefix) = asked.same_prefix(held) {
            return Some(Clash::SameRegion(prefix.into()));
        }
        let shared = asked.shared_entries(held);
        let most = self.ratio_max.min(MOST_SHARED);
        (shared > 0 && ratio(shared, asked.entries) > most)
            .then_some(Clash::TooMuch { shared, entries: asked.entries })
    }
}

impl Default for Overlap {
    fn default() -> Self {
        Self { policy: OverlapPolicy::Strict, ratio_max: MOST_SHARED }
    }
}

#[expect(clippy::cast_precision_loss, reason = "a tree has far less than 2^53 entries")]
fn ratio(part: usize, whole: usize) -> f64 {
    part as f64 / whole as f64
}

/// An overlap as it is written.
#[derive(Deserialize)]
struct Unchecked {
    policy: OverlapPolicy,
    #[serde(default = "most_shared")]
    ratio_max: f64,
}

fn most_shared() -> f64 {
    MOST_SHARED
}

impl TryFrom<Unchecked> for Overlap {
    type Error = InvalidArgument;

    fn try_from(unchecked: Unchecked) -> Result<Self, InvalidArgument> {
        Self::new(unchecked.policy, unchecked.ratio_max)
    }
}

/// What speaks against a request beside one lease.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Clash {
    /// Nobody knows what the request would touch.
    UnknownExtent,
    /// A prefix that was asked for meets one that is held.
    Meeting { asked: String, held: String },
    /// Both name the same prefix.
    SameRegion(String),
    /// Too many entries of the request lie in the region of the lease.
    TooMuch { shared: usize, entries: usize },
}

impl fmt::Display for Clash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownExtent => f.write_str("it names no paths, so it could touch any"),
            Self::Meeting { asked, held } => {
                write!(f, "`{asked}*` and the held `{held}*` can name the same path")
            }
            Self::SameRegion(prefix) => write!(f, "both claim `{prefix}*`"),
            Self::TooMuch { shared, entries } => {
                write!(f, "{shared} of the {entries} paths that it asks for are held")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Clash, Extent, Overlap, OverlapPolicy};

    fn clash(overlap: Overlap, asked: &[&str], held: &[&str]) -> Option<Clash> {
        overlap.clash(&Extent::new(asked), &Extent::new(held))
    }

    #[test]
    fn a_third_passes_softly_and_nothing_strictly() {
        let asked = ["src/a.rs", "docs/**", "tests/**"];
        assert_eq!(clash(Overlap::soft(), &asked, &["src/**"]), None);
        let meeting = Clash::Meeting { asked: "src/a.rs".into(), held: "src/".into() };
        assert_eq!(clash(Overlap::default(), &asked, &["src/**"]), Some(meeting));
        let too_much = Clash::TooMuch { shared: 1, entries: 2 };
        assert_eq!(clash(Overlap::soft(), &asked[..2], &["src/**"]), Some(too_much));
    }

    #[test]
    fn padding_cannot_dilute_the_same_prefix() {
        let asked = ["a", "b", "c", "d", "e", "Src/*.rs"];
        let same = Some(Clash::SameRegion("src/".into()));
        assert_eq!(clash(Overlap::soft(), &asked, &["src/", "src"]), same);
    }

    #[test]
    fn unknown_extent_is_judged_on_the_side_of_the_request() {
        for overlap in [Overlap::soft(), Overlap::default()] {
            assert_eq!(clash(overlap, &["src/**"], &[]), None);
            assert_eq!(clash(overlap, &[], &[]), None);
            assert_eq!(clash(overlap, &[], &["src/**"]), Some(Clash::UnknownExtent));
        }
        let strict = Overlap::default();
        assert_eq!(clash(strict, &[""], &["src/**"]), Some(Clash::UnknownExtent));
        assert_eq!(clash(strict, &["src/**"], &[""]), None);
    }

    #[test]
    fn the_bound_can_only_be_tightened() {
        let soft = |ratio_max| Overlap::new(OverlapPolicy::Soft, ratio_max).unwrap();
        let asked = ["src/a.rs", "src/b.rs", "docs/**"];
        assert!(clash(soft(1.0), &asked, &["src/**"]).is_some());
        let asked = ["src/a.rs", "docs/**", "tests/**", "api/**"];
        assert!(clash(soft(0.25), &asked, &["src/**"]).is_none());
        assert!(clash(soft(0.2), &asked, &["src/**"]).is_some());
        assert!(clash(soft(0.0), &asked, &["src/**"]).is_some());
    }

    #[test]
    fn a_bound_that_is_none_is_refused() {
        for ratio_max in [-0.1, 1.1, f64::NAN, f64::INFINITY] {
            assert!(Overlap::new(OverlapPolicy::Soft, ratio_max).is_err(), "{ratio_max}");
        }
        let parse = serde_json::from_str::<Overlap>;
        assert_eq!(parse(r#"{"policy": "prefix"}"#).unwrap(), Overlap::soft());
        assert_eq!(parse(r#"{"policy": "strict"}"#).unwrap(), Overlap::default());
        assert!(parse(r#"{"policy": "soft", "ratio_max": 2}"#).is_err());
        assert!(parse(r#"{"ratio_max": 0.1}"#).is_err());
    }
}
