//! Reading a query, and refusing what does anything but read: by what a statement is, before anything is planned.

use std::collections::BTreeSet;

use datafusion::sql::parser::{DFParserBuilder, Statement};
use datafusion::sql::sqlparser::ast::{SetExpr, Statement as SqlStatement};
use datafusion::sql::sqlparser::dialect::PostgreSqlDialect;
use datafusion::sql::sqlparser::tokenizer::{Token, TokenWithSpan, Tokenizer};
use segops_model::Limits;

use crate::error::{Place, SqlError};

/// How deep expressions and queries may nest.
const DEPTH_MAX: usize = 64;

/// A statement that only reads.
#[derive(Debug, Clone)]
pub(crate) struct ReadStatement {
    pub(crate) statement: Statement,
    /// Every name in it, whatever it is the name of.
    pub(crate) names: BTreeSet<String>,
}

/// Reads a query that is one statement.
///
/// # Errors
/// It is too long, cannot be read, is none or several statements, or would do something else than read.
pub(crate) fn read(text: &str, limits: &Limits) -> Result<ReadStatement, SqlError> {
    let tokens = tokens_of(text, limits)?;
    let names = names_in(&tokens);
    let dialect = PostgreSqlDialect {};
    let parser = DFParserBuilder::new(tokens).with_dialect(&dialect).with_recursion_limit(DEPTH_MAX).build();
    let statements = parser.and_then(|mut parser| parser.parse_statements());
    let mut statements = statements.map_err(|error| match error.find_root() {
        datafusion::common::DataFusionError::SQL(error, _) => SqlError::of_parser(&error.to_string()),
        error => SqlError::of_parser(&error.message()),
    })?;
    let Some(statement) = statements.pop_front() else {
        return Err(SqlError::query("there is no query; write one such as SELECT count(*) FROM events"));
    };
    if !statements.is_empty() {
        return Err(SqlError::query("these are several statements; send one at a time"));
    }
    check(&statement)?;
    Ok(ReadStatement { statement, names })
}

/// Splits a query into its words and signs, which are not too many.
pub(crate) fn tokens_of(text: &str, limits: &Limits) -> Result<Vec<TokenWithSpan>, SqlError> {
    let too_long = |found, unit, limit, setting| SqlError::TooLong { found, unit, limit, setting };
    if text.len() > limits.sql_bytes_max {
        return Err(too_long(text.len(), "bytes", limits.sql_bytes_max, "sql_bytes_max"));
    }
    let dialect = PostgreSqlDialect {};
    let tokens = Tokenizer::new(&dialect, text).tokenize_with_location().map_err(|error| {
        let place = Place { line: error.location.line, column: error.location.column };
        SqlError::Query {
            message: format!("the query cannot be read: {}", error.message),
            place: Some(place),
            suggestion: None,
        }
    })?;
    let count = tokens.iter().filter(|token| !matches!(token.token, Token::Whitespace(_))).count();
    if count > limits.sql_tokens_max {
        return Err(too_long(count, "words and signs", limits.sql_tokens_max, "sql_tokens_max"));
    }
    Ok(tokens)
}

/// Every name, as it is meant: in lower case where it is not quoted.
pub(crate) fn names_in(tokens: &[TokenWithSpan]) -> BTreeSet<String> {
    let words = tokens.iter().filter_map(|token| match &token.token {
        Token::Word(word) if word.quote_style.is_some() => Some(word.value.clone()),
        Token::Word(word) => Some(word.value.to_lowercase()),
        _ => None,
    });
    words.collect()
}

fn check(statement: &Statement) -> Result<(), SqlError> {
    match statement {
        Statement::Statement(statement) => check_sql(statement),
        Statement::Explain(explain) => check(&explain.statement),
        Statement::CreateExternalTable(_) => Err(refused("CREATE EXTERNAL TABLE")),
        Statement::CopyTo(_) => Err(refused("COPY")),
        Statement::Reset(_) => Err(refused("RESET")),
    }
}

/// Refuses what does anything but read.
pub(crate) fn check_sql(statement: &SqlStatement) -> Result<(), SqlError> {
    match statement {
        SqlStatement::Query(query) => match query.body.as_ref() {
            SetExpr::Insert(_) => Err(refused("INSERT")),
            SetExpr::Update(_) => Err(refused("UPDATE")),
            SetExpr::Delete(_) => Err(refused("DELETE")),
            SetExpr::Merge(_) => Err(refused("MERGE")),
            SetExpr::Select(select) if select.into.is_some() => Err(refused("SELECT INTO")),
            _ if !query.locks.is_empty() => Err(refused("SELECT FOR UPDATE")),
            _ => Ok(()),
        },
        SqlStatement::Explain { statement, .. } => check_sql(statement),
        SqlStatement::ExplainTable { .. }
        | SqlStatement::ShowTables { .. }
        | SqlStatement::ShowColumns { .. }
        | SqlStatement::ShowFunctions { .. }
        | SqlStatement::ShowVariable { .. } => Ok(()),
        other => Err(refused(&verb_of(&other.to_string()))),
    }
}

fn refused(what: &str) -> SqlError {
    SqlError::Refused { what: what.to_owned() }
}

/// The words in capitals that a statement begins with: `CREATE TABLE`, `DELETE`.
fn verb_of(text: &str) -> String {
    let is_keyword = |word: &&str| word.chars().all(|one| one.is_ascii_uppercase());
    let words: Vec<&str> = text.split_whitespace().take_while(is_keyword).take(2).collect();
    if words.is_empty() { "this statement".to_owned() } else { words.join(" ") }
}
