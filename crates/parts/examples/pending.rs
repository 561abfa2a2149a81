//! Makes a folder of parts with merges, splits and deletions in every state of being applied, a view of each state,
//! and what each must show: `cargo run -p segops-parts --example pending -- FOLDER SEED`. The script
//! `tests/parts/run.py` asks DuckDB.

#[path = "../tests/it/happening.rs"]
mod happening;
#[path = "../tests/it/history.rs"]
mod history;
#[path = "../tests/it/naive.rs"]
mod naive;

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use segops_model::SystemClock;
use segops_parts::{Effort, Objects, Parts, PartsError, PartsOptions};

use happening::{Happening, happen};
use history::Numbers;
use naive::Naive;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(folder), Some(seed)) = (arguments.next(), arguments.next()) else {
        return Err("name an empty folder and a seed: pending FOLDER SEED".into());
    };
    let folder = Path::new(&folder);
    let options = PartsOptions {
        row_group_rows: 64,
        part_rows_max: 300,
        buckets: 2,
        bucketed_from_rows: 0,
        level0_parts_max: 4,
        merged_parts: 2,
        moved_one_in: 3,
        ..PartsOptions::default()
    };
    let parts = Parts::open(Objects::in_folder(&folder.join("parts"))?, Arc::new(SystemClock), options)?;
    let (mut naive, mut numbers) = (Naive::default(), Numbers::new(seed.parse()?));
    let mut state = 0;
    let mut save = |parts: &Parts, naive: &Naive| -> Result<(), Box<dyn std::error::Error>> {
        let snapshot = parts.snapshot();
        let root = folder.join("parts").canonicalize()?;
        std::fs::write(folder.join(format!("{state}.sql")), snapshot.sql_view(&root.display().to_string())?)?;
        std::fs::write(folder.join(format!("{state}.csv")), truth(naive))?;
        let changes = snapshot.overlay().changes().len();
        println!("state {state}: {} parts, {changes} changes pending", snapshot.manifest().parts.len());
        state += 1;
        Ok(())
    };
    save(&parts, &naive)?;
    for round in 0..6 {
        for kind in [Happening::Merge, Happening::Split, Happening::Merge, Happening::Delete] {
            (0..40).for_each(|_| happen(&mut naive, &mut numbers, Happening::Event));
            happen(&mut naive, &mut numbers, kind);
            happen(&mut naive, &mut numbers, Happening::Merge);
        }
        parts.flush(&naive.tail_from(parts.held_until()))?;
        save(&parts, &naive)?;
        if round % 2 == 1 && compact(&parts, Effort::Due)? {
            save(&parts, &naive)?;
        }
    }
    while compact(&parts, Effort::Full)? {
        save(&parts, &naive)?;
    }
    Ok(())
}

fn compact(parts: &Parts, effort: Effort) -> Result<bool, PartsError> {
    Ok(parts.compact(effort)?.is_some())
}

fn truth(naive: &Naive) -> String {
    let mut csv = String::from("position,profile,event,ts_ms,total\n");
    for row in naive.truth() {
        let total = row.event.properties.get("total").and_then(segops_model::Value::as_number);
        let total = total.map_or_else(String::new, |total| total.to_string());
        let name = &row.event.name;
        // Writing to a string does not fail.
        let _ = writeln!(csv, "{},{},{name},{},{total}", row.position, row.profile.0, row.event.ts.as_ms());
    }
    csv
}
