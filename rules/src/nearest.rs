use segops_model::fold_case;

/// The candidate that was most likely meant: the nearest by edits (swaps of neighbours count as one) once
/// case is folded, if it is near enough to be worth saying.
pub(crate) fn nearest<I>(meant: &str, candidates: I) -> Option<String>
where
    I: IntoIterator,
    I::Item: AsRef<str>,
{
    // A longer text is no misspelling of a name, and the comparison costs the product of the lengths.
    const COMPARED_BYTES_MAX: usize = 256;
    if meant.len() > COMPARED_BYTES_MAX {
        return None;
    }
    let folded = fold_case(meant);
    let length = folded.chars().count();
    let distance_max = (length / 3).clamp(1, 6);
    candidates
        .into_iter()
        .filter(|candidate| {
            let candidate = candidate.as_ref();
            let characters = candidate.chars().take(COMPARED_BYTES_MAX + 1).count();
            candidate.len() <= COMPARED_BYTES_MAX && characters.abs_diff(length) <= distance_max
        })
        .map(|candidate| {
            let distance = strsim::damerau_levenshtein(&folded, &fold_case(candidate.as_ref()));
            (distance, candidate.as_ref().to_owned())
        })
        .filter(|(distance, _)| *distance <= distance_max)
        .min()
        .map(|(_, candidate)| candidate)
}
