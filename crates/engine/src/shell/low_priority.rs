//! Work that is to stand back while there is other work to do.

/// How much further back than others the thread stands, on the scale of `nice`.
#[cfg(target_os = "linux")]
const NICENESS: i32 = 10;

/// Has the calling thread stand back. Where the system has no such thing for a thread, nothing changes.
pub fn lower_priority() {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::setpriority_process(Some(rustix::thread::gettid()), NICENESS) {
        tracing::debug!(%error, "background work has the priority of other work");
    }
}
