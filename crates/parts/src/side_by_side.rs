//! Buckets of profiles side by side, on threads that a question has to itself: none waits for another's.

use parking_lot::Mutex;

use crate::partition::Bucket;

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

/// Does something with each of some things, on the calling thread and as many others as there are processors left, and
/// gives what comes of it in their order.
pub(crate) fn each_side_by_side<I: Send, T: Send, E: Send>(
    of: Vec<I>,
    each: impl Fn(I) -> Result<T, E> + Sync,
) -> Result<Vec<T>, E> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(of.len());
    let left = Mutex::new(of.into_iter().enumerate());
    let work = || -> Result<Vec<(usize, T)>, E> {
        let mut done = Vec::new();
        loop {
            let next = left.lock().next();
            let Some((number, one)) = next else { return Ok(done) };
            match each(one) {
                Ok(of_one) => done.push((number, of_one)),
                Err(error) => {
                    // Nobody begins with what is left.
                    left.lock().by_ref().for_each(drop);
                    return Err(error);
                }
            }
        }
    };
    let mut done = std::thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
        let mut done = work()?;
        for other in others {
            match other.join() {
                Ok(of_other) => done.extend(of_other?),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        Ok(done)
    })?;
    done.sort_by_key(|(number, _)| *number);
    Ok(done.into_iter().map(|(_, of_one)| of_one).collect())
}
