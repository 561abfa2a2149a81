//! The history for other tools: a SQL view over the part files, in which merges, splits and deletions hold.
//!
//! A row's `since` is the first position whose change applies to it. Which profile it is of now depends on the
//! profile that it stands under, on `since`, and where there were splits on its anchor. That is a small table,
//! written as a Parquet file that the view joins.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, StringArray, UInt64Array};
use arrow_schema::{DataType, Field, Schema};
use parquet::arrow::ArrowWriter;
use segops_model::{Identifier, Position, ProfileId};

use crate::error::PartsError;
use crate::fixed::FIXED;
use crate::manifest::checksum_of;
use crate::overlay::Overlay;
use crate::snapshot::Snapshot;

/// Rows of one profile, by the first change that applies to them, and whose they are now.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Moved {
    profile: ProfileId,
    since: (u64, u64),
    /// Only rows that go by it; for all others where there is none.
    anchor: Option<Identifier>,
    /// `None` where they are deleted.
    owner: Option<ProfileId>,
}

impl Snapshot {
    /// SQL that makes a view `events` of everything that parts hold, for DuckDB: the columns of the parts, typed ones
    /// among them, with `profile` as it is now. `root` is how the other tool calls the folder of the parts. The
    /// view holds until its files are removed, which is a grace after a later manifest does without them.
    ///
    /// Rows that no part holds yet are not in it.
    ///
    /// # Errors
    /// The table of what was moved can't be written.
    pub fn sql_view(&self, root: &str) -> Result<String, PartsError> {
        let root = root.trim_end_matches('/');
        if self.manifest.parts.is_empty() {
            return Ok(view_of_nothing());
        }
        let moved = moved(&self.overlay);
        let bytes = write(&moved)?;
        let table = format!("sql/{}.parquet", checksum_of(&bytes));
        self.files.objects.put(&table, bytes)?;
        let (mut files, mut resolved) = (String::new(), String::new());
        for (at, part) in self.manifest.parts.iter().enumerate() {
            let comma = if at == 0 { "" } else { "," };
            let path = quoted(&format!("{root}/{}", part.path));
            // Writing to a string does not fail.
            let _ = write!(files, "{comma}\n    {path}");
            let _ = write!(resolved, "{comma}\n    ({path}, {}::UBIGINT)", part.resolved_until);
        }
        let table = quoted(&format!("{root}/{table}"));
        Ok(format!(
            "CREATE OR REPLACE VIEW events AS
WITH part (filename, resolved_until) AS (VALUES {resolved}
), stored AS (
  SELECT rows.*, greatest(rows.position + 1, part.resolved_until) AS since
  FROM read_parquet([{files}
  ], union_by_name = true, filename = true, hive_partitioning = false) AS rows
  JOIN part USING (filename)
), moved AS (
  SELECT * FROM read_parquet({table})
)
SELECT
  CASE
    WHEN by_anchor.profile IS NOT NULL THEN by_anchor.owner
    WHEN by_profile.profile IS NOT NULL THEN by_profile.owner
    ELSE stored.profile
  END AS profile,
  stored.* EXCLUDE (profile, since, filename)
FROM stored
LEFT JOIN moved AS by_anchor
  ON by_anchor.profile = stored.profile
  AND stored.since BETWEEN by_anchor.since_from AND by_anchor.since_to
  AND by_anchor.anchor_kind = stored.anchor_kind
  AND by_anchor.anchor_value = stored.anchor_value
LEFT JOIN moved AS by_profile
  ON by_profile.profile = stored.profile
  AND stored.since BETWEEN by_profile.since_from AND by_profile.since_to
  AND by_profile.anchor_kind IS NULL
WHERE NOT coalesce(
  CASE WHEN by_anchor.profile IS NOT NULL THEN by_anchor.owner IS NULL
       ELSE by_profile.profile IS NOT NULL AND by_profile.owner IS NULL END,
  false);
"
        ))
    }
}

/// The fixed columns, and no row.
fn view_of_nothing() -> String {
    let columns = FIXED.fields().iter().map(|field| {
        let kind = match field.data_type() {
            DataType::UInt64 => "UBIGINT",
            DataType::UInt32 => "UINTEGER",
            DataType::Boolean => "BOOLEAN",
            DataType::Timestamp(..) => "TIMESTAMPTZ",
            DataType::List(_) => "STRUCT(kind VARCHAR, value VARCHAR)[]",
            _ => "VARCHAR",
        };
        format!("CAST(NULL AS {kind}) AS {}", field.name())
    });
    let columns: Vec<_> = columns.collect();
    format!("CREATE OR REPLACE VIEW events AS SELECT {} WHERE false;\n", columns.join(", "))
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// For each profile that something was moved from, the pieces between its changes.
fn moved(overlay: &Overlay) -> Vec<Moved> {
    let mut changed: BTreeMap<ProfileId, Vec<Position>> = BTreeMap::new();
    for change in overlay.changes() {
        changed.entry(change.source()).or_default().push(change.position);
    }
    let nobody = Identifier::new("", "");
    let mut moved = Vec::new();
    for (profile, positions) in changed {
        let mut from = 0;
        for position in positions {
            let since = (from, position.0);
            from = position.0 + 1;
            let owner = overlay.resolve(profile, position, &nobody);
            if owner != Some(profile) {
                moved.push(Moved { profile, since, anchor: None, owner });
            }
            for anchor in overlay.anchors(profile, position) {
                let by_anchor = overlay.resolve(profile, position, anchor);
                if by_anchor != owner {
                    moved.push(Moved { profile, since, anchor: Some(anchor.clone()), owner: by_anchor });
                }
            }
        }
    }
    moved
}

fn write(moved: &[Moved]) -> Result<Vec<u8>, PartsError> {
    let numbers = |number: &dyn Fn(&Moved) -> Option<u64>| -> ArrayRef {
        Arc::new(moved.iter().map(number).collect::<UInt64Array>())
    };
    let texts = |text: &dyn for<'a> Fn(&'a Identifier) -> &'a str| -> ArrayRef {
        Arc::new(moved.iter().map(|moved| moved.anchor.as_ref().map(text)).collect::<StringArray>())
    };
    let number = |name: &str| Field::new(name, DataType::UInt64, true);
    let text = |name: &str| Field::new(name, DataType::Utf8, true);
    let schema = Arc::new(Schema::new(vec![
        number("profile"),
        number("since_from"),
        number("since_to"),
        text("anchor_kind"),
        text("anchor_value"),
        number("owner"),
    ]));
    let columns = vec![
        numbers(&|moved| Some(moved.profile.0)),
        numbers(&|moved| Some(moved.since.0)),
        numbers(&|moved| Some(moved.since.1)),
        texts(&|anchor| anchor.kind.as_str()),
        texts(&|anchor| &anchor.value),
        numbers(&|moved| moved.owner.map(|owner| owner.0)),
    ];
    let batch = RecordBatch::try_new(Arc::clone(&schema), columns)?;
    let encode_error = |error: parquet::errors::ParquetError| PartsError::Encode(error.to_string());
    let mut writer = ArrowWriter::try_new(Vec::new(), schema, None).map_err(encode_error)?;
    writer.write(&batch).map_err(encode_error)?;
    writer.into_inner().map_err(encode_error)
}
