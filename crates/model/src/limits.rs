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
    /// Rows in memory that no part holds yet; past it inputs wait for them to be written to one.
    pub tail_rows_max: usize,
    /// Bytes of those rows as they came in; in memory they take several times as much.
    pub tail_bytes_max: u64,
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
    /// Computed traits in the workspace.
    pub computed_traits_max: usize,
    /// Events of a profile up to which they are read again for its computed traits that no live segment uses.
    pub profile_history_rows_max: usize,
    /// Versions kept of one computed trait; the oldest go first.
    pub computed_trait_versions_kept_max: usize,
    /// Derived events in the workspace.
    pub derived_events_max: usize,
    /// Versions kept of one derived event; the oldest go first.
    pub derived_event_versions_kept_max: usize,
    /// Transitions kept for streams to resume from.
    pub transitions_kept_max: usize,
    /// Products in one batch of the catalogue.
    pub products_per_batch_max: usize,
    /// Bytes of one product as JSON.
    pub product_bytes_max: usize,
    /// Statements on consent in one journalled command.
    pub consent_batch_max: usize,
    /// Files with consent whose first arrival is remembered; the oldest go first.
    pub consent_files_kept_max: usize,
    /// Uploaded lists in the workspace.
    pub lists_max: usize,
    /// Entries that one journalled command puts into a list or takes out.
    pub list_batch_max: usize,
    /// Alarms of a workspace.
    pub alarms_max: usize,
    /// Recorded results of a workspace.
    pub results_max: usize,
    /// Recordings of one result that are kept for its history.
    pub result_runs_kept_max: usize,
    /// Profiles that a result of the most alike can ask for.
    pub alike_count_max: u64,
    /// Values of a score in one batch.
    pub score_values_per_batch_max: usize,
    /// Rows of one page in the API.
    pub page_rows_max: usize,
    /// Streams of transitions open at one time.
    pub streams_max: usize,
    /// Different values of what an analysis is broken down by, whether shown or among the others.
    pub analysis_groups_max: usize,
    /// Customers that an analysis keeps in memory at one time, where it has to compare them.
    pub analysis_customers_max: usize,
    /// Bytes of a SQL query.
    pub sql_bytes_max: usize,
    /// Words, numbers, names and signs of a SQL query.
    pub sql_tokens_max: usize,
    /// Seconds that a SQL query may take; a request can ask for less.
    pub sql_seconds_max: u64,
    /// Bytes that one SQL query may hold in memory to sort, group and join.
    pub sql_memory_bytes_max: usize,
    /// SQL queries that run at one time.
    pub sql_queries_max: usize,
    /// Rows of a SQL query's answer as JSON; other formats have no such limit.
    pub sql_rows_max: usize,
    /// Bytes of a SQL query's answer as JSON.
    pub sql_result_bytes_max: usize,
    /// Bytes of text that one call of a SQL function may make of some thousand rows.
    pub sql_text_bytes_max: usize,
    /// Columns of the table `events` that are made of properties without being asked for by name.
    pub sql_property_columns_max: usize,
    /// Connections open at one time by the PostgreSQL protocol.
    pub sql_connections_max: usize,
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
            tail_rows_max: 262_144,
            tail_bytes_max: 128 * 1024 * 1024,
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
            split_rows_max: 2_000_000,
            segment_versions_kept_max: 1_000,
            segment_changes_kept_max: 1_000,
            computed_traits_max: 500,
            profile_history_rows_max: 100_000,
            computed_trait_versions_kept_max: 100,
            derived_events_max: 100,
            derived_event_versions_kept_max: 100,
            transitions_kept_max: 1_000_000,
            products_per_batch_max: 1_000,
            product_bytes_max: 64 * 1024,
            consent_batch_max: 1_000,
            consent_files_kept_max: 10_000,
            lists_max: 1_000,
            list_batch_max: 1_000,
            alarms_max: 500,
            results_max: 200,
            result_runs_kept_max: 400,
            alike_count_max: 1_000_000,
            score_values_per_batch_max: 10_000,
            page_rows_max: 1_000,
            streams_max: 256,
            analysis_groups_max: 100_000,
            analysis_customers_max: 20_000_000,
            sql_bytes_max: 256 * 1024,
            sql_tokens_max: 20_000,
            sql_seconds_max: 60,
            sql_memory_bytes_max: 512 * 1024 * 1024,
            sql_queries_max: 4,
            sql_rows_max: 100_000,
            sql_result_bytes_max: 64 * 1024 * 1024,
            sql_text_bytes_max: 32 * 1024 * 1024,
            sql_property_columns_max: 64,
            sql_connections_max: 64,
        }
    }
}
