//! The outermost object or array of a file: what it holds is found, taken and let go piece
//! by piece.

use std::io::Read;

use dosd_actors::witness::Entities;
use dosd_kernel::state_diff::{Digester, Pointer, read_text};

use crate::keyed::{Keyed, Refused};
use crate::stop::Halt;
use crate::window::Window;

/// Hands over everything that the file holds.
pub(super) fn read<R: Read>(
    mut window: Window<R>,
    key: Option<&Pointer>,
    into: &mut dyn Entities,
) -> Result<(), Halt> {
    let begins = window.peek(into)?;
    match (begins, key) {
        (None, _) => return Err(Halt::broken("it is empty; JSON is wanted")),
        (Some(b'{'), None) => object(&mut window, into)?,
        (Some(b'['), Some(key)) => array(&mut window, key, into)?,
        (Some(b'['), None) => {
            let cause = "it holds an array; say with `key` where the key of each element is";
            return Err(Halt::broken(cause));
        }
        (Some(_), None) => return Err(Halt::broken("it holds no JSON object")),
        (Some(_), Some(_)) => {
            return Err(Halt::broken("it holds no JSON array, as `key` makes one wanted"));
        }
    }
    if window.peek(into)?.is_some() {
        return Err(at(&window, "something follows where the JSON ends"));
    }
    Ok(())
}

fn object<R: Read>(window: &mut Window<R>, into: &mut dyn Entities) -> Result<(), Halt> {
    let mut digester = Digester::default();
    let mut key = String::new();
    window.take(1);
    let mut is_first = true;
    loop {
        match window.peek(into)? {
            Some(b'}') if is_first => break,
            Some(b'"') => {}
            Some(_) | None => return Err(at(window, "a key is wanted")),
        }
        let len = window.value(into)?;
        read_text(window.bytes(0..len), &mut key)
            .map_err(|cause| at(window, &format!("the key is no JSON: {cause}")))?;
        window.take(len);
        if window.peek(into)? != Some(b':') {
            return Err(at(window, &format!("a colon is wanted after the key `{key}`")));
        }
        window.take(1);
        window.peek(into)?;
        let len = window.value(into)?;
        let json = window.bytes(0..len);
        let no_json = |cause| at(window, &format!("the value of `{key}` is no JSON: {cause}"));
        if into.takes_digests() {
            let digest = digester.digest_json(json, None).map_err(no_json)?;
            into.digested(&key, digest, digester.len() as u64)?;
        } else {
            into.entity(&key, serde_json::from_slice(json).map_err(no_json)?)?;
        }
        window.take(len);
        is_first = false;
        match window.peek(into)? {
            Some(b',') => window.take(1),
            Some(b'}') => break,
            Some(_) | None => {
                return Err(at(window, &format!("the object goes on wrongly after `{key}`")));
            }
        }
    }
    window.take(1);
    Ok(())
}

fn array<R: Read>(
    window: &mut Window<R>,
    key: &Pointer,
    into: &mut dyn Entities,
) -> Result<(), Halt> {
    let mut keyed = Keyed::by(key);
    window.take(1);
    for index in 0_u64.. {
        if window.peek(into)? == Some(b']') && index == 0 {
            break;
        }
        let len = window.value(into)?;
        keyed.hand(window.bytes(0..len), into).map_err(|refused| match refused {
            Refused::Stop(stop) => stop.into(),
            Refused::Value(why) => at(window, &format!("element {index} (the first is 0) {why}")),
        })?;
        window.take(len);
        match window.peek(into)? {
            Some(b',') => window.take(1),
            Some(b']') => break,
            Some(_) | None => {
                return Err(at(
                    window,
                    &format!("the array goes on wrongly after element {index}"),
                ));
            }
        }
    }
    window.take(1);
    Ok(())
}

/// An error with its place in the file.
fn at<R: Read>(window: &Window<R>, what: &str) -> Halt {
    Halt::Broken(format!("{what} (at byte {})", window.offset()))
}
