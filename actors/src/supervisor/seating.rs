//! Which run sits on which lane, as the leases of one observation say. Pure: it
//! relates the journal to the runs of this daemon, and decides nothing.

use std::cell::OnceCell;
use std::collections::{HashMap, HashSet};

use dosd_kernel::lane::{LiveLease, Observation};

use super::run_table::{RunTable, Tenant};

/// The leases of an observation with who is behind them, and the runs without.
pub(super) struct Seating<'a> {
    observation: &'a Observation,
    lanes: HashMap<&'a str, Seats<'a>>,
    /// Lane to the number of runs that were launched for it and live.
    living: HashMap<&'a str, usize>,
    /// The same for runs that hold the lease of no lane in the roster.
    standing: HashMap<&'a str, usize>,
    /// The run ids and the stamps of all leases: most looks ask for none.
    marks: OnceCell<HashSet<&'a str>>,
}

/// The leases on one lane.
struct Seats<'a> {
    /// The one that counts for a plan.
    newest: Held<'a>,
    others: Vec<Held<'a>>,
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
        let mut lanes: HashMap<&str, Seats<'_>> = HashMap::with_capacity(observation.leases.len());
        for live in &observation.leases {
            let held = Held { live, tenant: table.tenant(&live.lease) };
            lanes
                .entry(live.lease.lane())
                .and_modify(|seats| seats.add(held))
                .or_insert_with(|| Seats { newest: held, others: Vec::new() });
        }
        let mut seated = HashSet::with_capacity(lanes.len());
        for (lane, seats) in &lanes {
            if let Tenant::Living(run_id) = seats.newest.tenant
                && in_roster(lane)
            {
                seated.insert(run_id);
            }
        }
        let mut living = HashMap::with_capacity(seated.len());
        let mut standing = HashMap::new();
        for live in table.live() {
            let run = &live.run;
            *living.entry(run.lane.as_str()).or_default() += 1;
            if !seated.contains(run.run_id.as_str()) {
                *standing.entry(run.lane.as_str()).or_default() += 1;
            }
        }
        Self { observation, lanes, living, standing, marks: OnceCell::new() }
    }

    /// Whether a lease bears this run id or stamp.
    pub(super) fn bears(&self, mark: &str) -> bool {
        let marks = self.marks.get_or_init(|| {
            let leases = self.observation.leases.iter().map(|live| &live.lease);
            leases.flat_map(|lease| [lease.run_id(), lease.loop_ts()]).collect()
        });
        marks.contains(mark)
    }

    /// Every lane with a lease, and the lease that counts for a plan.
    pub(super) fn newest(&self) -> impl Iterator<Item = (&'a str, Held<'a>)> {
        self.lanes.iter().map(|(lane, seats)| (*lane, seats.newest))
    }

    /// The leases on a lane, the one that counts first.
    pub(super) fn on(&self, lane: &str) -> impl Iterator<Item = &Held<'a>> {
        let seats = self.lanes.get(lane).into_iter();
        seats.flat_map(|seats| std::iter::once(&seats.newest).chain(&seats.others))
    }

    pub(super) fn is_taken(&self, lane: &str) -> bool {
        self.lanes.contains_key(lane)
    }

    /// Whether a run of ours holds the lease that counts for a lane.
    pub(super) fn seats_ours(&self, lane: &str) -> bool {
        let seats = self.lanes.get(lane);
        seats.is_some_and(|seats| matches!(seats.newest.tenant, Tenant::Living(_)))
    }

    /// How many runs that were launched for a lane live.
    pub(super) fn living(&self, lane: &str) -> usize {
        self.living.get(lane).copied().unwrap_or_default()
    }

    /// Every lane that runs were launched for which live.
    pub(super) fn lived_on(&self) -> impl Iterator<Item = &str> {
        self.living.keys().copied()
    }

    /// Lanes with runs that were launched for them, live, and hold the lease of no
    /// lane in the roster: a plan would not see them.
    pub(super) fn standing(&self) -> &HashMap<&'a str, usize> {
        &self.standing
    }
}

impl<'a> Seats<'a> {
    /// Of two leases on one lane the newer `acquired_at` counts; of two equal ones
    /// the later in the journal: as in a plan.
    fn add(&mut self, mut held: Held<'a>) {
        if self.newest.live.lease.acquired_ms() <= held.live.lease.acquired_ms() {
            std::mem::swap(&mut self.newest, &mut held);
        }
        self.others.push(held);
    }
}
