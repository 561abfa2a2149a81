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
    let of_bucket = |number| each(Some(Bucket { number, of }));
    match THREADS.as_ref() {
        Some(threads) => threads.install(|| (0..of).into_par_iter().map(of_bucket).collect()),
        None => (0..of).map(of_bucket).collect(),
    }
}
