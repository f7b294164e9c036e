//! Where blocking work goes: to threads that may block.
//!
//! A simulation has one thread and wants the same order of events every time. Under the
//! feature `testing` it may have such work done as one more task of its own thread.

use tokio::task::JoinHandle;

/// Has `work` done where blocking is allowed. A panic in it is in the answer.
pub fn off_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> JoinHandle<T> {
    #[cfg(any(test, feature = "testing"))]
    if is_inline() {
        return tokio::task::spawn_local(async move { work() });
    }
    tokio::task::spawn_blocking(work)
}

#[cfg(any(test, feature = "testing"))]
thread_local! {
    static INLINE: std::cell::Cell<bool> = const { std::cell::Cell::new(false) };
}

/// From now on blocking work that is asked for on this thread is done on it, in turn with its
/// other tasks.
#[cfg(any(test, feature = "testing"))]
pub fn stay_on_this_thread() {
    INLINE.set(true);
}

#[cfg(any(test, feature = "testing"))]
fn is_inline() -> bool {
    INLINE.get()
}

#[cfg(test)]
mod tests {
    use std::thread::{ThreadId, current};

    use super::{off_thread, stay_on_this_thread};

    async fn worked_on() -> ThreadId {
        off_thread(|| current().id()).await.unwrap()
    }

    #[test]
    fn work_stays_only_where_it_was_told_to() {
        let run = || {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            tokio::task::LocalSet::new().block_on(&runtime, worked_on())
        };
        std::thread::spawn(move || {
            assert_ne!(run(), current().id());
            stay_on_this_thread();
            assert_eq!(run(), current().id());
        })
        .join()
        .unwrap();
    }
}
