use serde::{Deserialize, Serialize};

/// Every bound that a client can run into, with its default. The reference page is made from these docs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// A request's body, after decompression.
    pub body_bytes_max: usize,
    /// One event's JSON.
    pub event_bytes_max: usize,
    /// Events in one batch.
    pub batch_events_max: usize,
    /// Bytes of a message id.
    pub message_id_bytes_max: usize,
    /// Bytes of an identifier's value.
    pub identifier_bytes_max: usize,
    /// Bytes of an event's name.
    pub event_name_bytes_max: usize,
    /// Identifiers that one event may carry.
    pub identifiers_per_event_max: usize,
    /// Inputs waiting for the journal; past it clients are told to come back.
    pub journal_queue_max: usize,
    /// Durable frames that the fold has yet to apply; past it clients are told to come back.
    pub fold_lag_max: u64,
    /// Bytes of rows that an import holds in memory while it gathers groups from all over a file.
    pub import_buffer_bytes_max: usize,
    /// Rejections kept for listing; the oldest go first.
    pub rejections_kept_max: usize,
    /// Bytes of a rejected item that are kept with its reason.
    pub rejection_bytes_max: usize,
    /// Event names in the catalogue.
    pub catalogue_events_max: usize,
    /// Properties in the catalogue, per event name.
    pub catalogue_properties_max: usize,
    /// Distinct values in the catalogue, per property.
    pub catalogue_values_max: usize,
    /// Conditions in one rule.
    pub rule_conditions_max: usize,
    /// Groups within groups in one rule.
    pub rule_depth_max: usize,
    /// The n of the n-th event that a rule may ask for, from either end.
    pub rule_rank_max: u32,
    /// Periods that one condition of a rule may look at.
    pub rule_periods_max: u32,
    /// Steps of one sequence.
    pub sequence_steps_max: usize,
    /// Bytes of a rule as text.
    pub rule_bytes_max: usize,
    /// Segments in the workspace.
    pub segments_max: usize,
    /// Splits of profiles in the workspace, lifted ones included.
    pub splits_max: usize,
    /// Rows of a profile that can be split: a split reads them all, and enters them in one step.
    pub split_rows_max: u64,
    /// Versions kept of one segment's rule; past it the oldest that does not serve goes.
    pub segment_versions_kept_max: usize,
    /// Changes of one segment kept with their authors and times; the oldest go first.
    pub segment_changes_kept_max: usize,
    /// Transitions kept for streams to resume from.
    pub transitions_kept_max: usize,
    /// Products in one batch of the catalogue.
    pub products_per_batch_max: usize,
    /// Bytes of one product as JSON.
    pub product_bytes_max: usize,
    /// Rows of one page in the API.
    pub page_rows_max: usize,
    /// Streams of transitions open at one time.
    pub streams_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes_max: 5 * 1024 * 1024,
            event_bytes_max: 4 * 1024 * 1024,
            batch_events_max: 10_000,
            message_id_bytes_max: 256,
            identifier_bytes_max: 512,
            event_name_bytes_max: 256,
            identifiers_per_event_max: 32,
            journal_queue_max: 65_536,
            fold_lag_max: 262_144,
            import_buffer_bytes_max: 1024 * 1024 * 1024,
            rejections_kept_max: 200_000,
            rejection_bytes_max: 4 * 1024,
            catalogue_events_max: 5_000,
            catalogue_properties_max: 500,
            catalogue_values_max: 100,
            rule_conditions_max: 200,
            rule_depth_max: 12,
            rule_rank_max: 1_000,
            rule_periods_max: 400,
            sequence_steps_max: 20,
            rule_bytes_max: 64 * 1024,
            segments_max: 5_000,
            splits_max: 10_000,
            split_rows_max: 250_000,
            segment_versions_kept_max: 1_000,
            segment_changes_kept_max: 1_000,
            transitions_kept_max: 1_000_000,
            products_per_batch_max: 1_000,
            product_bytes_max: 64 * 1024,
            page_rows_max: 1_000,
            streams_max: 256,
        }
    }
}
