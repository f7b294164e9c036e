//! What a plan is made from: the journal, and what this daemon knows of its runs.
//! Pure. Every run that lives is seen by the plan, once.

use std::collections::BTreeMap;

use dosd_kernel::invalid::InvalidArgument;
use dosd_kernel::lane::Observation;
use dosd_kernel::liveness::Liveness;
use dosd_kernel::population::{self, Evidence, LaneEvidence, LaneFacts};
use dosd_kernel::region::Region;

use super::commits::Suspect;
use super::fleet::Fleet;
use super::run_table::Tenant;
use super::seating::{Held, Seating};
use super::settings::LeaseMode;

impl Fleet {
    /// The evidence for a plan.
    pub(super) fn evidence(
        &self,
        observation: &Observation,
        seating: &Seating<'_>,
    ) -> Result<Evidence, InvalidArgument> {
        let settings = &self.settings;
        let mut evidence = population::gather(
            &settings.lanes,
            observation,
            &self.facts(seating),
            &settings.policy,
            &settings.liveness,
        )?;
        evidence.lanes = self.stand_in(evidence.lanes, seating);
        Ok(evidence)
    }

    /// What this daemon knows about lanes beyond the journal.
    fn facts(&self, seating: &Seating<'_>) -> BTreeMap<String, LaneFacts> {
        let known = seating.newest().filter_map(|(lane, held)| {
            let facts = match held.tenant {
                Tenant::Living(run_id) => self.facts_of(run_id),
                Tenant::Ended => LaneFacts { process_alive: Some(false), ..LaneFacts::default() },
                Tenant::Stranger => return None,
            };
            Some((lane.to_owned(), facts))
        });
        let mut facts: BTreeMap<String, LaneFacts> = known.collect();
        // A lane for one worker is full while a worker of ours lives on it, whoever
        // holds its lease.
        for lane in seating.standing().keys().filter(|lane| !self.repeats(lane)) {
            facts.entry((*lane).to_owned()).or_default().pending = true;
        }
        let given_up = self.table.tries.given_up().filter(|lane| seating.living(lane) == 0);
        // A lane for one worker whose worker took another lane is nobody's candidate.
        let away = seating
            .lived_on()
            .filter(|lane| !self.repeats(lane) && !seating.standing().contains_key(lane));
        // While somebody holds a lane, its region is not free.
        for lane in given_up.chain(away).filter(|lane| !seating.is_taken(lane)) {
            facts.entry(lane.to_owned()).or_default().excluded = true;
        }
        // What becomes of a lane that left the configuration is nobody's plan.
        for lane in self.leftovers.retired() {
            facts.entry(lane.to_owned()).or_default().excluded = true;
        }
        facts
    }

    /// What is known about a run that lives.
    fn facts_of(&self, run_id: &str) -> LaneFacts {
        let commits = self.commits.of(run_id);
        LaneFacts {
            process_alive: Some(true),
            commits_since_start: commits.unwrap_or_default(),
            commits_unread: commits.is_none(),
            ..LaneFacts::default()
        }
    }

    /// The runs of ours that are spinning as far as is known, and advance if they
    /// committed something.
    pub(super) fn suspects(
        &self,
        observation: &Observation,
        seating: &Seating<'_>,
    ) -> Result<Vec<Suspect>, InvalidArgument> {
        let mut suspects = Vec::new();
        for (lane, Held { live, tenant }) in seating.newest() {
            let Tenant::Living(run_id) = tenant else { continue };
            let facts = LaneFacts { commits_unread: false, ..self.facts_of(run_id) };
            let policy = &self.settings.liveness;
            let verdict = population::judge(live, &facts, observation.now_ms, policy)?;
            if verdict == Liveness::Spinning && self.sees(lane) {
                // A worker may have taken a lane that nobody declared, and a tree with it.
                let declared = self.settings.lanes.tree(lane);
                let region = match declared {
                    [] => Region::new(&live.lease.tree()),
                    declared => Region::new(declared),
                };
                suspects.push(Suspect { run_id: run_id.to_owned(), region });
            }
        }
        Ok(suspects)
    }

    /// The roster with an entry for every run that no entry stands for yet. A lane
    /// that may carry several workers counts as one in a plan.
    fn stand_in(&self, roster: Vec<LaneEvidence>, seating: &Seating<'_>) -> Vec<LaneEvidence> {
        let mut standing = seating.standing().clone();
        let mut lanes = Vec::with_capacity(roster.len());
        for mut entry in roster {
            let own_lease = *self.settings.lease.of(&entry.lane) == LeaseMode::Supervisor;
            if own_lease && !self.is_declared(&entry.lane) && !seating.is_taken(&entry.lane) {
                // The handle for an undeclared lane: a plain program picks none.
                continue;
            }
            if let Some(ground) = self.leftovers.ground(&entry.lane) {
                entry.tree = ground.with(&entry.tree);
            }
            let gave_up = self.table.tries.gave_up(&entry.lane);
            entry.repeatable &= !own_lease && !gave_up;
            let runs = standing.remove(entry.lane.as_str()).unwrap_or_default();
            // A pending entry stands for the first of them, and hides a run that sits
            // on the lane beside them.
            let hidden = entry.pending && seating.seats_ours(&entry.lane);
            let more = (runs + usize::from(hidden)).saturating_sub(usize::from(entry.pending));
            let copies = (more > 0).then(|| LaneEvidence {
                liveness: entry.repeatable.then_some(Liveness::Advancing),
                pending: !entry.repeatable,
                spinning_age_ms: None,
                ..entry.clone()
            });
            // Workers may be left on a lane that was given up; it gets no more.
            if !gave_up || entry.pending || entry.liveness.is_some() {
                lanes.push(entry);
            }
            lanes.extend(copies.into_iter().flat_map(|copy| std::iter::repeat_n(copy, more)));
        }
        // In the order of their names, whatever the map's.
        let others: BTreeMap<&str, usize> = standing.into_iter().collect();
        for (lane, runs) in others {
            let worker = self.beside_the_roster(lane);
            lanes.extend(worker.into_iter().flat_map(|it| std::iter::repeat_n(it, runs)));
        }
        lanes
    }

    /// What stands for a run on a lane that is not in the roster. The others that left
    /// the configuration, before this daemon came, are not the roster's business.
    fn beside_the_roster(&self, lane: &str) -> Option<LaneEvidence> {
        if let Some(ground) = self.leftovers.ground(lane) {
            // It left the configuration while its worker lived, which keeps its ground.
            return Some(LaneEvidence {
                lane: lane.to_owned(),
                tree: ground.tree.clone(),
                is_exclusive: ground.is_exclusive,
                pending: true,
                ..LaneEvidence::default()
            });
        }
        // A run for a handle that had another name when it was launched.
        let is_handle = self.repeats(lane)
            && self.settings.policy.max_concurrency.is_some()
            && !self.leftovers.is_retired(lane);
        is_handle.then(|| LaneEvidence {
            lane: lane.to_owned(),
            liveness: Some(Liveness::Advancing),
            repeatable: true,
            ..LaneEvidence::default()
        })
    }
}
