//! Buckets of profiles side by side, on the threads that all questions share: memory that one question has used is
//! there for the next.

use std::sync::LazyLock;

use rayon::ThreadPool;
use rayon::iter::{IntoParallelIterator as _, ParallelIterator as _};

use crate::partition::Bucket;

/// As many as there are processors; none where they can't be started, and each question does all by itself.
static THREADS: LazyLock<Option<ThreadPool>> = LazyLock::new(|| {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let named =
        rayon::ThreadPoolBuilder::new().num_threads(threads).thread_name(|at| format!("buckets-{at}"));
    named.build().ok()
});

/// Does something for each of so many buckets, or once for all profiles where there is but one. What comes of it is given
/// in the order of the buckets.
///
/// # Errors
/// The first that `each` gives.
pub fn side_by_side<T: Send, E: Send>(
    of: u32,
    each: impl Fn(Option<Bucket>) -> Result<T, E> + Sync,
) -> Result<Vec<T>, E> {
    if of <= 1 {
        return Ok(vec![each(None)?]);
    }
    each_side_by_side((0..of).collect(), |number| each(Some(Bucket { number, of })))
}

/// Does something with each of some things, and gives what comes of it in their order.
pub(crate) fn each_side_by_side<I: Send, T: Send, E: Send>(
    of: Vec<I>,
    each: impl Fn(I) -> Result<T, E> + Sync,
) -> Result<Vec<T>, E> {
    match THREADS.as_ref() {
        Some(threads) if of.len() > 1 => threads.install(|| of.into_par_iter().map(&each).collect()),
        _ => of.into_iter().map(each).collect(),
    }
}
