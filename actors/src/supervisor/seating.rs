//! Which run sits on which lane, as the leases of one observation say. Pure: it
//! relates the journal to the runs of this daemon, and decides nothing.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use dosd_kernel::lane::{LiveLease, Observation};

use super::run_table::{RunTable, Tenant};

/// The leases of an observation with who is behind them, and the runs without.
pub(super) struct Seating<'a> {
    lanes: BTreeMap<&'a str, Seats<'a>>,
    /// The run ids and the stamps of all leases.
    marks: HashSet<&'a str>,
    /// Lane to the number of runs that were launched for it and live.
    living: BTreeMap<&'a str, usize>,
    /// The same for runs that hold the lease of no lane in the roster.
    standing: BTreeMap<&'a str, usize>,
}

/// The leases on one lane.
struct Seats<'a> {
    held: Vec<Held<'a>>,
    /// The one that counts for a plan.
    newest: usize,
}

/// A lease, and who is behind it.
#[derive(Clone, Copy)]
pub(super) struct Held<'a> {
    pub(super) live: &'a LiveLease,
    pub(super) tenant: Tenant<'a>,
}

impl<'a> Seating<'a> {
    /// `in_roster` says of a lane with a lease whether a plan sees it.
    pub(super) fn of(
        observation: &'a Observation,
        table: &'a RunTable,
        in_roster: impl Fn(&str) -> bool,
    ) -> Self {
        let mut lanes: BTreeMap<&str, Seats<'_>> = BTreeMap::new();
        for live in &observation.leases {
            let held = Held { live, tenant: table.tenant(&live.lease) };
            lanes
                .entry(live.lease.lane())
                .and_modify(|seats| seats.add(held))
                .or_insert_with(|| Seats { held: vec![held], newest: 0 });
        }
        let mut seated = BTreeSet::new();
        for (lane, seats) in &lanes {
            if let Tenant::Living(run_id) = seats.newest().tenant
                && in_roster(lane)
            {
                seated.insert(run_id);
            }
        }
        let mut living = BTreeMap::new();
        let mut standing = BTreeMap::new();
        for live in table.live() {
            let run = &live.run;
            *living.entry(run.lane.as_str()).or_default() += 1;
            if !seated.contains(run.run_id.as_str()) {
                *standing.entry(run.lane.as_str()).or_default() += 1;
            }
        }
        let leases = observation.leases.iter();
        let marks = leases.flat_map(|live| [live.lease.run_id(), live.lease.loop_ts()]).collect();
        Self { lanes, marks, living, standing }
    }

    /// Whether a lease bears this run id or stamp.
    pub(super) fn bears(&self, mark: &str) -> bool {
        self.marks.contains(mark)
    }

    /// Every lane with a lease, and the lease that counts for a plan.
    pub(super) fn newest(&self) -> impl Iterator<Item = (&'a str, Held<'a>)> {
        self.lanes.iter().map(|(lane, seats)| (*lane, seats.newest()))
    }

    /// The leases on a lane, in the order of the journal.
    pub(super) fn on(&self, lane: &str) -> impl Iterator<Item = &Held<'a>> {
        self.lanes.get(lane).into_iter().flat_map(|seats| &seats.held)
    }

    pub(super) fn is_taken(&self, lane: &str) -> bool {
        self.lanes.contains_key(lane)
    }

    /// Whether a run of ours holds the lease that counts for a lane.
    pub(super) fn seats_ours(&self, lane: &str) -> bool {
        let seats = self.lanes.get(lane);
        seats.is_some_and(|seats| matches!(seats.newest().tenant, Tenant::Living(_)))
    }

    /// How many runs that were launched for a lane live.
    pub(super) fn living(&self, lane: &str) -> usize {
        self.living.get(lane).copied().unwrap_or_default()
    }

    /// Every lane that runs were launched for which live.
    pub(super) fn lived_on(&self) -> impl Iterator<Item = &'a str> {
        self.living.keys().copied()
    }

    /// Lanes with runs that were launched for them, live, and hold the lease of no
    /// lane in the roster: a plan would not see them.
    pub(super) fn standing(&self) -> &BTreeMap<&'a str, usize> {
        &self.standing
    }
}

impl<'a> Seats<'a> {
    /// Of two leases on one lane the newer `acquired_at` counts; of two equal ones
    /// the later in the journal: as in a plan.
    fn add(&mut self, held: Held<'a>) {
        let known = self.newest().live.lease.acquired_ms();
        if known <= held.live.lease.acquired_ms() {
            self.newest = self.held.len();
        }
        self.held.push(held);
    }

    fn newest(&self) -> Held<'a> {
        self.held[self.newest]
    }
}
