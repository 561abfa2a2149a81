/// How parts are laid out, and when they are merged. Every bound has a default.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartsOptions {
    /// Rows of one row group.
    pub row_group_rows: usize,
    /// Rows from which on the next event name begins a row group of its own.
    pub named_group_rows: usize,
    /// Rows of one part; past it the next one begins. A part is held in memory while it is written.
    pub part_rows_max: u64,
    /// Into how many buckets of profiles a month is divided, so that they can be read side by side, once there is
    /// enough for more than one.
    pub buckets: u32,
    /// Rows from which on there is.
    pub bucketed_from_rows: u64,
    /// Parts of level 0 that wait at most before they are split by month.
    pub level0_parts_max: usize,
    /// Rows that one split of level 0 takes on at most, but for a single larger part.
    pub level0_rows_max: u64,
    /// Parts of similar size of one month and bucket that are merged into one.
    pub merged_parts: usize,
    /// One in so many rows of a part may be of moved profiles before the part is written anew. Deleted rows go
    /// at the next compaction, however few.
    pub moved_one_in: u64,
    /// For how long a file is kept after the last manifest that names it, for readers in other processes.
    pub grace_ms: i64,
    /// Bytes that a reader asks for in advance, for each column that it reads.
    pub read_ahead_bytes: u64,
    /// Rows of one batch of a scan.
    pub batch_rows: usize,
    /// Bytes of footers and sidecars' indexes that are kept of opened parts.
    pub opened_bytes_max: usize,
    /// Whoever writes, by a name that nobody else has: once another one has written, this one is refused. Empty where
    /// something else sees to it that nobody can.
    pub writer: String,
}

impl Default for PartsOptions {
    fn default() -> Self {
        Self {
            row_group_rows: 262_144,
            named_group_rows: 1_024,
            part_rows_max: 2_000_000,
            buckets: 4,
            bucketed_from_rows: 1_000_000,
            level0_parts_max: 8,
            level0_rows_max: 4_000_000,
            merged_parts: 4,
            moved_one_in: 20,
            grace_ms: segops_model::HOUR_MS,
            read_ahead_bytes: 1024 * 1024,
            batch_rows: 8_192,
            opened_bytes_max: 256 * 1024 * 1024,
            writer: String::new(),
        }
    }
}
