//! Answers that are taken whole, by a thread that may wait: the profiles that a query names, or its one number.

use datafusion::arrow::array::{Array, ArrayRef, AsArray};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Float64Type, Int64Type};
use segops_model::{Decimal, Instant, Position, ProfileId};

use crate::error::SqlError;
use crate::service::{Answering, Opener, Query, Sql};

/// The columns that can name profiles; the first that there is does.
const PROFILE_COLUMNS: [&str; 2] = ["profile_id", "profile"];

/// Whom a query names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedByQuery {
    /// Everything before it is known to the query, and nothing after it.
    pub position: Position,
    pub at: Instant,
    /// In the order of the rows; one may come more than once.
    pub profiles: Vec<ProfileId>,
}

impl Sql {
    /// The profiles in the column `profile_id` of a query's answer, as numbers or as `p_17`; null names nobody. `begun`
    /// is told the number by which the query can be cancelled.
    ///
    /// # Errors
    /// The query has no answer, no such column, more rows than `max`, or something in it that is no profile.
    pub fn profile_ids(
        &self,
        query: Query,
        open: Opener,
        max: usize,
        begun: impl FnOnce(u64),
    ) -> Result<NamedByQuery, SqlError> {
        self.handle()?.block_on(async {
            let mut answering = self.start(query, open).await?;
            begun(answering.id);
            let column = profile_column(&answering)?;
            let mut profiles = Vec::new();
            while let Some(batch) = answering.next().await? {
                let seen = profiles.len();
                if seen + batch.num_rows() > max {
                    return Err(SqlError::Run(format!(
                        "the query names more than {max} profiles, which is the limit; ask for fewer"
                    )));
                }
                take_ids(batch.column(column), &mut profiles)?;
            }
            Ok(NamedByQuery { position: answering.position, at: answering.at, profiles })
        })
    }

    /// The numbers in the only row that a query answers; none of them where there is no row, and none for what is null.
    ///
    /// # Errors
    /// The query has no answer, more rows than one, or something else than numbers.
    pub fn numbers(
        &self,
        query: Query,
        open: Opener,
        begun: impl FnOnce(u64),
    ) -> Result<Vec<Option<Decimal>>, SqlError> {
        self.handle()?.block_on(async {
            let mut answering = self.start(query, open).await?;
            begun(answering.id);
            let mut found: Option<Vec<Option<Decimal>>> = None;
            while let Some(batch) = answering.next().await? {
                for row in 0..batch.num_rows() {
                    if found.is_some() {
                        return Err(SqlError::Run(
                            "the query answers more than one row; expected one with a number".to_owned(),
                        ));
                    }
                    let cells = batch.columns().iter().map(|column| number_of(column, row));
                    found = Some(cells.collect::<Result<_, _>>()?);
                }
            }
            Ok(found.unwrap_or_default())
        })
    }
}

fn profile_column(answering: &Answering) -> Result<usize, SqlError> {
    let found = PROFILE_COLUMNS.iter().find_map(|name| answering.schema.index_of(name).ok());
    found.ok_or_else(|| {
        let names: Vec<&str> = answering.schema.fields().iter().map(|field| field.name().as_str()).collect();
        SqlError::Query {
            message: format!("there is no column `profile_id` in the answer, which has {}", names.join(", ")),
            place: None,
            suggestion: Some("write `SELECT profile AS profile_id FROM ...`".to_owned()),
        }
    })
}

fn take_ids(column: &ArrayRef, profiles: &mut Vec<ProfileId>) -> Result<(), SqlError> {
    let wrong = |found: &str| {
        SqlError::Run(format!("`{found}` in the column `profile_id` is no profile; expected 17 or p_17"))
    };
    if column.data_type().is_numeric() {
        let numbers = cast(column, &DataType::Int64).map_err(|error| SqlError::Run(error.to_string()))?;
        for number in numbers.as_primitive::<Int64Type>().iter().flatten() {
            profiles.push(ProfileId(u64::try_from(number).map_err(|_| wrong(&number.to_string()))?));
        }
        return Ok(());
    }
    let texts = cast(column, &DataType::Utf8).map_err(|error| SqlError::Run(error.to_string()))?;
    for text in texts.as_string::<i32>().iter().flatten() {
        let id = text.parse().or_else(|_| text.parse().map(ProfileId));
        profiles.push(id.map_err(|_| wrong(text))?);
    }
    Ok(())
}

fn number_of(column: &ArrayRef, row: usize) -> Result<Option<Decimal>, SqlError> {
    let kind = column.data_type();
    if column.is_null(row) || *kind == DataType::Null {
        return Ok(None);
    }
    let text = if matches!(kind, DataType::Float16 | DataType::Float32 | DataType::Float64) {
        let numbers = cast(column, &DataType::Float64).map_err(|error| SqlError::Run(error.to_string()))?;
        // Decimals have nine digits after the point, and floats more than mean anything.
        format!("{:.9}", numbers.as_primitive::<Float64Type>().value(row))
    } else if kind.is_numeric() {
        let texts = cast(column, &DataType::Utf8).map_err(|error| SqlError::Run(error.to_string()))?;
        texts.as_string::<i32>().value(row).to_owned()
    } else {
        return Err(SqlError::Run(format!("the query answers a {kind}; expected one number")));
    };
    let wrong = || SqlError::Run(format!("`{text}` is more than a number can be here"));
    Decimal::parse(&text).map(Some).ok_or_else(wrong)
}
