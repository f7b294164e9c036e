//! Where blocking work goes, so that a slow disk delays only who asked for it.

/// Runs `work` where blocking is allowed. A panic in it goes on here.
pub(crate) async fn off_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match dosd_actors::off_thread::off_thread(work).await {
        Ok(done) => done,
        Err(ended) => match ended.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // The pool only refuses work while the runtime goes down; whoever
            // waits here is dropped with it.
            Err(_) => std::future::pending().await,
        },
    }
}
