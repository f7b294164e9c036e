//! The driver of tests under faults: a scenario, with every kind of fault at every one of its
//! calls, and after each run every kind of crash.

use rustix::io::Errno;

use super::{Fault, Lasting, MemoryStorage, Operation, Survival};

/// How many seeds a crash is tried with, for each size of a sector.
const SEEDS: u64 = 1;

/// The variable that asks for more.
const SEEDS_VARIABLE: &str = "DOSD_FAULT_SEEDS";

/// Everything that can go wrong at a call.
const FAULTS: [(Fault, Lasting); 10] = [
    (Fault::Os(Errno::IO), Lasting::Once),
    (Fault::Os(Errno::IO), Lasting::ForEver),
    (Fault::Os(Errno::NOSPC), Lasting::Once),
    (Fault::Os(Errno::NOSPC), Lasting::ForEver),
    (Fault::Os(Errno::INTR), Lasting::Once),
    (Fault::Short(0), Lasting::Once),
    (Fault::Short(1), Lasting::Once),
    (Fault::Short(47), Lasting::Once),
    (Fault::Short(47), Lasting::ForEver),
    (Fault::Stop, Lasting::Once),
];

/// One run: what went wrong where, and what the crash left. Printed when a check fails.
#[derive(Debug, Clone, Copy)]
pub struct Trial {
    /// The number of the call, from 0.
    pub call: usize,
    /// What that call was.
    pub hit: Operation,
    /// What went wrong.
    pub fault: Fault,
    /// For how long.
    pub lasting: Lasting,
    /// What the crash after it left.
    pub survival: Survival,
}

impl Trial {
    /// Whether the caller of the port could notice anything.
    #[must_use]
    pub fn is_noticed(&self) -> bool {
        match self.fault {
            Fault::Os(Errno::INTR) => false,
            Fault::Short(_) => matches!(self.hit, Operation::Append | Operation::Read),
            Fault::Error(_) | Fault::Os(_) | Fault::Stop => true,
        }
    }
}

/// How much was tried. A test that tried too little says nothing, so it asserts this.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tried {
    /// Calls that the scenario makes when nothing goes wrong.
    pub calls: usize,
    /// Runs, counted once for each fault at each call.
    pub runs: usize,
    /// Crashes that were checked.
    pub crashes: usize,
}

/// Runs `scenario` on the disk that `prepare` makes, once undisturbed to count its calls and
/// then with every fault at every call. `check` gets the disk as each crash leaves it, and
/// what the scenario gave.
///
/// The scenario is not told what goes wrong: it does what the product would do.
pub fn at_every_call<T>(
    prepare: impl Fn() -> MemoryStorage,
    scenario: impl Fn(&MemoryStorage) -> T,
    check: impl Fn(&MemoryStorage, &T, &Trial),
) -> Tried {
    let storage = prepare();
    storage.fail_call(usize::MAX, Fault::Stop, Lasting::Once);
    drop(scenario(&storage));
    let mut tried = Tried { calls: storage.calls(), ..Tried::default() };
    for (fault, lasting) in FAULTS {
        for call in 0.. {
            let storage = prepare();
            storage.fail_call(call, fault, lasting);
            let outcome = scenario(&storage);
            let Some(hit) = storage.tripped() else { break };
            tried.runs += 1;
            for survival in survivals(call as u64) {
                let disk = storage.fork();
                disk.crash(survival);
                tried.crashes += 1;
                let trial = Trial { call, hit, fault, lasting, survival };
                let told = Told(&trial);
                check(&disk, &outcome, &trial);
                std::mem::forget(told);
            }
        }
    }
    tried
}

/// Every kind of crash, with seeds that differ from call to call.
fn survivals(call: u64) -> Vec<Survival> {
    #[expect(clippy::disallowed_methods, reason = "a test asks how thorough it is to be")]
    let asked = std::env::var(SEEDS_VARIABLE).ok().and_then(|text| text.parse().ok());
    let seeds = asked.unwrap_or(SEEDS);
    let sectors = [64, 512, 4096].into_iter().flat_map(move |size| {
        (0..seeds).map(move |seed| Survival::Sectors { size, seed: call * seeds + seed })
    });
    [Survival::Everything, Survival::Nothing].into_iter().chain(sectors).collect()
}

/// Says on the way out of a check that failed which trial it was.
struct Told<'a>(&'a Trial);

impl Drop for Told<'_> {
    fn drop(&mut self) {
        #[expect(clippy::print_stderr, reason = "a test that fails says how to see it again")]
        {
            eprintln!("in {:?}", self.0);
        }
    }
}
