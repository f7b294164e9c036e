//! The outermost object or array of a file: what it holds is found, taken and let go piece
//! by piece.

use std::io::Read;

use dosd_actors::witness::Entities;
use dosd_kernel::state_diff::{Pointer, read_text};

use crate::stop::Halt;
use crate::values::{Refused, Values};
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
    let mut values = Values::by(None);
    let mut key = String::new();
    window.take(1);
    let mut is_first = true;
    loop {
        match window.peek(into)? {
            Some(b'}') if is_first => break,
            Some(b'"') => {}
            Some(_) | None => return Err(at(window, "a key is wanted")),
        }
        window
            .parse(into, |json, _| Ok(((), read_text(json, &mut key)?)))?
            .map_err(|cause| at(window, &format!("the key is no JSON: {cause}")))?;
        if window.peek(into)? != Some(b':') {
            return Err(at(window, &format!("a colon is wanted after the key `{key}`")));
        }
        window.take(1);
        let value = window
            .parse(into, |json, into| values.parse(json, into))?
            .map_err(|cause| at(window, &format!("the value of `{key}` is no JSON: {cause}")))?;
        values.hand_as(&key, value, into)?;
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
    let mut values = Values::by(Some(key));
    window.take(1);
    for index in 0_u64.. {
        if window.peek(into)? == Some(b']') && index == 0 {
            break;
        }
        let parsed = window.parse(into, |json, into| values.parse(json, into))?;
        let named = |why: &str| at(window, &format!("element {index} (the first is 0) {why}"));
        let value = parsed.map_err(|cause| named(&format!("is no JSON value: {cause}")))?;
        values.hand(value, into).map_err(|refused| match refused {
            Refused::Stop(stop) => stop.into(),
            Refused::Value(why) => named(&why),
        })?;
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
