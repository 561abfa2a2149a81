mod csv;
mod examples;
mod groups;
mod mappings;
mod ndjson;
mod objects;
mod table;

use segops_model::{Event, Limits, SourceId};

use super::{FileContext, ImportError, Mapping, RowGroup, read_csv, read_ndjson};
use crate::{FORMAT_SEGMENT_V1, replay};

fn context() -> FileContext {
    FileContext {
        source: SourceId(4),
        file_name: "orders.csv".into(),
        file_hash: "abc123".into(),
        received_at: "2026-03-01T12:00:00Z".parse().unwrap(),
        limits: Limits::default(),
    }
}

/// Reads a file through a reader that gives it out in pieces, and checks what holds for every import.
fn import_with(
    file: &[u8],
    mapping: Option<&str>,
    json: bool,
    context: FileContext,
) -> Result<Vec<RowGroup>, ImportError> {
    let mapping = mapping.map(Mapping::parse).transpose()?;
    let reader = std::io::BufReader::with_capacity(7, file);
    let groups: Result<Vec<RowGroup>, ImportError> = if json {
        read_ndjson(reader, mapping.as_ref(), context)?.collect()
    } else {
        read_csv(reader, mapping.as_ref().unwrap(), context)?.collect()
    };
    let groups = groups?;
    let mut rows: Vec<u64> = groups.iter().flat_map(|group| group.rows.iter().copied()).collect();
    rows.sort_unstable();
    assert!(rows.iter().copied().eq(1..=u64::try_from(rows.len()).unwrap()), "each row once: {rows:?}");
    for accepted in groups.iter().filter_map(|group| group.outcome.as_ref().ok()) {
        assert_eq!(
            replay(FORMAT_SEGMENT_V1, &accepted.raw, &accepted.envelope).as_ref(),
            Ok(&accepted.event)
        );
    }
    Ok(groups)
}

fn import(file: &str, mapping: &str) -> Vec<RowGroup> {
    import_with(file.as_bytes(), Some(mapping), false, context()).unwrap()
}

/// One line for each event and each rejection.
fn lines(groups: &[RowGroup]) -> String {
    groups.iter().map(|group| line(group) + "\n").collect()
}

fn line(group: &RowGroup) -> String {
    match &group.outcome {
        Ok(accepted) => format!("{:?} {}", group.rows, event_line(&accepted.event)),
        Err(rejection) => {
            format!(
                "{:?} {:?} at {}: {} <{}>",
                group.rows, rejection.code, rejection.place, rejection.message, rejection.raw
            )
        }
    }
}

fn event_line(event: &Event) -> String {
    let ids: Vec<String> = event.identifiers.iter().map(ToString::to_string).collect();
    let json = |object: &segops_model::Object| serde_json::to_string(object).unwrap();
    let traits =
        if event.traits.is_empty() { String::new() } else { format!(" traits {}", json(&event.traits)) };
    let (name, id) = (&event.name, &event.message_id);
    format!("{name} [{}] {} {id} {}{traits}", ids.join(" "), event.ts, json(&event.properties))
}
