//! The checksummed frame that journal and record log share: `[length u32][crc32c u32][payload]`, numbers
//! little-endian. The checksum covers the length too, so that a run of zeros is no frame.

/// Bytes of a frame before its payload.
pub(crate) const FRAME_HEAD_BYTES: usize = 8;

/// What the bytes at some offset hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Parsed<'a> {
    Whole {
        payload: &'a [u8],
        frame_bytes: usize,
    },
    /// The bytes end before the frame does; it takes this many in all.
    Short {
        frame_bytes: usize,
    },
    Damaged,
}

/// Appends one frame whose payload is the parts one after another.
pub(crate) fn write_frame(out: &mut Vec<u8>, parts: &[&[u8]]) {
    let payload_bytes: usize = parts.iter().map(|part| part.len()).sum();
    // Callers bound the payload far below 4 GiB.
    let length = u32::try_from(payload_bytes).unwrap_or(u32::MAX).to_le_bytes();
    let crc = parts.iter().fold(crc32c::crc32c(&length), |crc, part| crc32c::crc32c_append(crc, part));
    out.reserve(FRAME_HEAD_BYTES + payload_bytes);
    out.extend_from_slice(&length);
    out.extend_from_slice(&crc.to_le_bytes());
    for part in parts {
        out.extend_from_slice(part);
    }
}

/// Reads the frame at the start of `bytes`. A length outside `payload_bytes` is damage.
pub(crate) fn parse_frame(bytes: &[u8], payload_bytes: std::ops::RangeInclusive<usize>) -> Parsed<'_> {
    let Some((length, rest)) = bytes.split_first_chunk::<4>() else {
        return Parsed::Short { frame_bytes: FRAME_HEAD_BYTES };
    };
    let Some((crc, rest)) = rest.split_first_chunk::<4>() else {
        return Parsed::Short { frame_bytes: FRAME_HEAD_BYTES };
    };
    let Some(payload_length) =
        usize::try_from(u32::from_le_bytes(*length)).ok().filter(|length| payload_bytes.contains(length))
    else {
        return Parsed::Damaged;
    };
    let frame_bytes = FRAME_HEAD_BYTES + payload_length;
    let Some(payload) = rest.get(..payload_length) else {
        return Parsed::Short { frame_bytes };
    };
    let computed = crc32c::crc32c_append(crc32c::crc32c(length), payload);
    if computed == u32::from_le_bytes(*crc) {
        Parsed::Whole { payload, frame_bytes }
    } else {
        Parsed::Damaged
    }
}

/// Whether a whole frame starts anywhere in `bytes`: what tells damage in the middle from a torn end.
pub(crate) fn holds_whole_frame(bytes: &[u8], payload_bytes: &std::ops::RangeInclusive<usize>) -> bool {
    (0..bytes.len()).any(|at| {
        bytes
            .get(at..)
            .is_some_and(|rest| matches!(parse_frame(rest, payload_bytes.clone()), Parsed::Whole { .. }))
    })
}
