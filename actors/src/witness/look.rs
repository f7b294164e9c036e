//! Looking at the sources for one claim, again and again while an effect may settle.

use std::rc::Rc;
use std::time::Duration;

use dosd_kernel::state_diff::{Digest, Digester, Tally, tally};
use futures_util::future::join_all;
use serde_json::Value;

use super::actor::Shared;
use super::judge::{Address, Sight};
use super::reader::Reader;
use super::runs::OpenRun;
use super::settings::Witnessed;
use super::surface::{Source, SurfaceError, Unreadable};
use crate::off_thread::off_thread;

/// Between two looks, at first; then twice as long each time, up to [`PAUSE_AT_MOST`].
const PAUSE: Duration = Duration::from_millis(50);

/// See [`PAUSE`].
const PAUSE_AT_MOST: Duration = Duration::from_secs(1);

/// A source with the one who reads it; a probe needs none.
pub(super) struct Eye {
    pub(super) witnessed: Witnessed,
    pub(super) reader: Option<Rc<Reader>>,
}

/// What the sources show about a claimed entity, and how often was looked.
pub(super) async fn look(
    shared: &Shared,
    eyes: &[Rc<Eye>],
    run: Option<&Rc<OpenRun>>,
    address: &Address<'_>,
    expect: Option<&Value>,
) -> (Vec<Sight>, u32) {
    let began = shared.ports.clock.monotonic();
    let mut pause = PAUSE;
    let mut looks = 1;
    let each = eyes.iter().map(|eye| look_once(shared, eye, run, address.entity, expect));
    let mut sights = join_all(each).await;
    loop {
        let since = shared.ports.clock.monotonic().saturating_sub(began);
        let left = |eye: &Eye| eye.witnessed.settle.saturating_sub(since);
        let longest = eyes.iter().map(|eye| left(eye)).max().unwrap_or_default();
        if longest.is_zero() || sights.iter().any(Sight::attests) {
            return (sights, looks);
        }
        tokio::time::sleep(pause.min(longest)).await;
        pause = (pause * 2).min(PAUSE_AT_MOST);
        looks += 1;
        let again = eyes.iter().enumerate().filter(|(_, eye)| !left(eye).is_zero());
        let again = again.map(|(at, eye)| async move {
            (at, look_once(shared, eye, run, address.entity, expect).await)
        });
        for (at, sight) in join_all(again).await {
            sights[at] = sight;
        }
    }
}

async fn look_once(
    shared: &Shared,
    eye: &Rc<Eye>,
    run: Option<&Rc<OpenRun>>,
    entity: &str,
    expect: Option<&Value>,
) -> Sight {
    let source = &eye.witnessed.source;
    let Some(reader) = &eye.reader else {
        return ask(source, entity, expect).await;
    };
    let expected = expect.map(|value| expected(&eye.witnessed, value.clone()));
    match compare(shared, eye, reader, run, entity).await {
        Ok((tally, unfinished)) => {
            Sight::of_tally(source, entity, &tally, expected, unfinished.as_deref())
        }
        Err(why) => Sight::nothing(source, entity, why),
    }
}

/// Has a probe answer where blocking is allowed. Its yes is about no value: it does not attest
/// one that is expected.
async fn ask(source: &Source, entity: &str, expect: Option<&Value>) -> Sight {
    let Source::Probe(probe) = source.clone() else {
        return Sight::nothing(source, entity, "it has no reader".to_owned());
    };
    let asked = entity.to_owned();
    let answer = off_thread(move || probe.ask(&asked)).await;
    let answer = answer.unwrap_or_else(|panicked| Err(Unreadable::new(panicked.to_string())));
    if expect.is_some() && answer == Ok(true) {
        let name = source.name();
        let why =
            format!("`{name}` says yes, but it has no values to compare with what is expected");
        return Sight::nothing(source, entity, why);
    }
    Sight::of_answer(source, entity, answer)
}

/// The difference between a run's baseline and a fresh read, and what that one ended with if
/// it was not whole; why there is none, in words.
pub(super) async fn compare(
    shared: &Shared,
    eye: &Eye,
    reader: &Rc<Reader>,
    run: Option<&Rc<OpenRun>>,
    entity: &str,
) -> Result<(Tally, Option<String>), String> {
    let Some(run) = run else {
        return Err("no baseline: this run is over, or was not started by this daemon".to_owned());
    };
    let name = eye.witnessed.source.name();
    let named = |why: Unreadable| why.of(name).to_string();
    let storage = &*shared.ports.storage;
    let definition = &eye.witnessed.definition;
    // Opened before the read: a run that ends meanwhile takes its files away.
    let mut before =
        run.baseline.walk(storage, &run.folder, name, definition).map_err(|why| why.to_string())?;
    let after = reader.read().await.map_err(|failed: SurfaceError| failed.to_string())?;
    let claimed = run.claimed(name);
    let entity = entity.to_owned();
    let compared = off_thread(move || {
        let mut fresh = after.walk()?;
        let tally = tally(&mut before, &mut fresh, &entity, &claimed)?;
        Ok((tally, after.unfinished().map(str::to_owned)))
    });
    compared.await.map_err(|panicked| panicked.to_string())?.map_err(named)
}

/// The digest of a value that is expected, without what is no state.
pub(super) fn expected(witnessed: &Witnessed, mut value: Value) -> Digest {
    for pointer in &witnessed.ignore {
        pointer.remove_from(&mut value);
    }
    Digester::default().digest(&value)
}
