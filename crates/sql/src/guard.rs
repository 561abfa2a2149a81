//! Functions that can make much of little (`repeat`, `lpad`, `concat`, `range`, ...), held to a limit: what they are
//! about to make is worked out before it is made, since memory for it is not asked of the query's pool.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, FieldRef, Int64Type};
use datafusion::common::{DFSchema, DataFusionError, ExprSchema, Result, exec_datafusion_err};
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::planner::{ExprPlanner, PlannerResult, RawBinaryExpr};
use datafusion::logical_expr::{
    ColumnarValue, Documentation, Expr, ExprSchemable, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF,
    ScalarUDFImpl, Signature, TypeSignature, Volatility,
};
use datafusion::sql::sqlparser::ast::BinaryOperator;

/// One text that is made, at most: the engine may put it beside each of some thousand rows.
const TEXT_BYTES_MAX: u128 = 1024 * 1024;
/// One list that is made, at most.
const LIST_BYTES_MAX: u128 = 64 * 1024;

/// How the size of what a function makes follows from what it is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Growth {
    /// As long as all arguments together.
    Sum,
    /// The first argument so many times as the second says.
    Times,
    /// As long as the second argument says.
    Length,
    /// For each item of the first argument what the second is, at most.
    Replaced(usize),
    /// As many items as there are between two numbers.
    Range,
    /// An array of so many items as the argument says.
    Items(usize),
}

const GUARDED: [(&str, Growth); 21] = [
    ("concat", Growth::Sum),
    ("concat_ws", Growth::Sum),
    ("overlay", Growth::Sum),
    ("encode", Growth::Sum),
    ("make_array", Growth::Sum),
    ("array_concat", Growth::Sum),
    ("array_append", Growth::Sum),
    ("array_prepend", Growth::Sum),
    ("array_insert", Growth::Sum),
    ("array_union", Growth::Sum),
    ("array_to_string", Growth::Replaced(1)),
    ("replace", Growth::Replaced(2)),
    ("regexp_replace", Growth::Replaced(2)),
    ("translate", Growth::Sum),
    ("repeat", Growth::Times),
    ("lpad", Growth::Length),
    ("rpad", Growth::Length),
    ("array_repeat", Growth::Items(1)),
    ("array_resize", Growth::Items(1)),
    ("range", Growth::Range),
    ("generate_series", Growth::Range),
];

/// Functions that are left out: their values can be made to nest, so that a short query has a type without bounds.
const LEFT_OUT: [&str; 8] =
    ["struct", "named_struct", "row", "map", "make_map", "map_from_arrays", "map_extract", "arrow_cast"];

/// A function, and all that it is, within a limit.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Guarded {
    inner: Arc<ScalarUDF>,
    growth: Growth,
    bytes_max: usize,
}

/// The functions of the engine, those that can make much of little within a limit.
pub(crate) fn guarded(functions: Vec<Arc<ScalarUDF>>, bytes_max: usize) -> Vec<Arc<ScalarUDF>> {
    let kept = functions.into_iter().filter(|function| !LEFT_OUT.contains(&function.name()));
    let guard = |inner: Arc<ScalarUDF>| match GUARDED.iter().find(|(name, _)| *name == inner.name()) {
        Some((_, growth)) => {
            Arc::new(ScalarUDF::new_from_impl(Guarded { inner, growth: *growth, bytes_max }))
        }
        None => inner,
    };
    kept.map(guard).collect()
}

impl ScalarUDFImpl for Guarded {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn aliases(&self) -> &[String] {
        self.inner.aliases()
    }

    fn signature(&self) -> &Signature {
        self.inner.signature()
    }

    fn return_type(&self, kinds: &[DataType]) -> Result<DataType> {
        self.inner.return_type(kinds)
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs<'_>) -> Result<FieldRef> {
        self.inner.return_field_from_args(args)
    }

    fn is_nullable(&self, args: &[Expr], schema: &dyn ExprSchema) -> bool {
        #[expect(deprecated, reason = "it is what the function says of itself")]
        self.inner.inner().is_nullable(args, schema)
    }

    fn coerce_types(&self, kinds: &[DataType]) -> Result<Vec<DataType>> {
        self.inner.inner().coerce_types(kinds)
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.inner.documentation()
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        self.growth.check(self.name(), &args.args, args.number_rows, self.bytes_max)?;
        self.inner.invoke_with_args(args)
    }
}

impl Growth {
    /// Whether a function may make what it is about to make of these arguments, for so many rows.
    fn check(self, name: &str, args: &[ColumnarValue], rows: usize, bytes_max: usize) -> Result<()> {
        let are_scalars = args.iter().all(|arg| matches!(arg, ColumnarValue::Scalar(_)));
        let rows = if are_scalars { 1 } else { rows };
        let (bytes, longest) = self.bytes(args, rows)?;
        if bytes > bytes_max as u128 {
            let what = format!(
                "{name} would make {bytes} bytes at once, the limit is {bytes_max} (`sql_text_bytes_max`)"
            );
            return Err(DataFusionError::ResourcesExhausted(what));
        }
        let longest_max =
            if matches!(self, Self::Range | Self::Items(_)) { LIST_BYTES_MAX } else { TEXT_BYTES_MAX };
        if longest > longest_max {
            let what = format!("{name} would make one value of {longest} bytes, the limit is {longest_max}");
            return Err(DataFusionError::ResourcesExhausted(what));
        }
        Ok(())
    }

    /// At most so many bytes are made of these arguments in all, and of one row.
    fn bytes(self, args: &[ColumnarValue], rows: usize) -> Result<(u128, u128)> {
        let of_rows = |bytes: Vec<u128>| {
            let longest = bytes.iter().copied().max().unwrap_or_default();
            (bytes.into_iter().fold(0, u128::saturating_add), longest)
        };
        Ok(match self {
            Self::Sum => {
                let bytes = args.iter().map(|arg| size_of(arg, rows)).sum::<Result<u128>>()?;
                (bytes, bytes / rows.max(1) as u128)
            }
            Self::Times => {
                let counts = wholes(args.get(1), rows)?;
                let texts = lengths(args.first(), rows)?;
                of_rows(
                    texts
                        .iter()
                        .zip(counts)
                        .map(|(text, count)| count.saturating_mul((*text).into()))
                        .collect(),
                )
            }
            Self::Length => {
                // A character has four bytes at most.
                of_rows(
                    wholes(args.get(1), rows)?.into_iter().map(|length| length.saturating_mul(4)).collect(),
                )
            }
            Self::Replaced(at) => {
                let by = u128::from(lengths(args.get(at), rows)?.into_iter().max().unwrap_or_default()) + 1;
                let texts = lengths(args.first(), rows)?;
                of_rows(texts.into_iter().map(|text| (u128::from(text) + 1).saturating_mul(by)).collect())
            }
            Self::Items(at) => {
                let size = args.first().map_or(Ok(0), |arg| size_of(arg, rows))?;
                let each = size / rows.max(1) as u128 + 16;
                of_rows(
                    wholes(args.get(at), rows)?.into_iter().map(|items| items.saturating_mul(each)).collect(),
                )
            }
            Self::Range => of_rows(range_bytes(args, rows)?),
        })
    }
}

/// The bytes of an argument, for as many rows.
fn size_of(arg: &ColumnarValue, rows: usize) -> Result<u128> {
    let (array, times) = match arg {
        ColumnarValue::Array(array) => (Arc::clone(array), 1),
        ColumnarValue::Scalar(scalar) => (scalar.to_array()?, rows),
    };
    let bytes = match array.data_type() {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => {
            lengths_of(&array)?.into_iter().map(u128::from).sum()
        }
        _ => {
            array.to_data().get_slice_memory_size().unwrap_or_else(|_| array.get_array_memory_size()) as u128
        }
    };
    Ok(bytes * times as u128)
}

fn array_of(arg: Option<&ColumnarValue>, rows: usize) -> Result<ArrayRef> {
    arg.ok_or_else(|| exec_datafusion_err!("an argument is missing"))?.to_array(rows)
}

fn lengths(arg: Option<&ColumnarValue>, rows: usize) -> Result<Vec<u64>> {
    arg.map_or_else(|| Ok(vec![0; rows]), |arg| lengths_of(&arg.to_array(rows)?))
}

fn lengths_of(array: &ArrayRef) -> Result<Vec<u64>> {
    if !matches!(array.data_type(), DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View) {
        return Ok(vec![0; array.len()]);
    }
    let views = cast(array, &DataType::Utf8View)?;
    Ok(views.as_string_view().iter().map(|text| text.map_or(0, str::len) as u64).collect())
}

/// Whole numbers that are not negative; what is none counts as none.
fn wholes(arg: Option<&ColumnarValue>, rows: usize) -> Result<Vec<u128>> {
    let array = cast(&array_of(arg, rows)?, &DataType::Int64)?;
    let numbers = array.as_primitive::<Int64Type>().iter();
    Ok(numbers.map(|number| u128::try_from(number.unwrap_or_default()).unwrap_or_default()).collect())
}

/// The bytes of the ranges of each row.
fn range_bytes(args: &[ColumnarValue], rows: usize) -> Result<Vec<u128>> {
    const DAY_MS: i128 = 86_400_000;
    let first = array_of(args.first(), rows)?;
    if !first.data_type().is_integer() {
        // Of dates: a step is a day at least, or the function says what is wrong; of instants a second is assumed.
        let instants = |at: usize| -> Result<Vec<i64>> {
            let kind = DataType::Timestamp(datafusion::arrow::datatypes::TimeUnit::Millisecond, None);
            let array = cast(&cast(&array_of(args.get(at), rows)?, &kind)?, &DataType::Int64)?;
            Ok(array.as_primitive::<Int64Type>().iter().map(Option::unwrap_or_default).collect())
        };
        let step =
            if matches!(first.data_type(), DataType::Date32 | DataType::Date64) { DAY_MS } else { 1_000 };
        let spans = instants(0)?.into_iter().zip(instants(1)?);
        let items =
            spans.map(|(from, to)| ((i128::from(to) - i128::from(from)).abs() / step).unsigned_abs() + 1);
        return Ok(items.map(|items| items.saturating_mul(8)).collect());
    }
    let numbers = |at: usize, otherwise: i64| -> Result<Vec<i64>> {
        match args.get(at) {
            None => Ok(vec![otherwise; rows]),
            Some(arg) => {
                let array = cast(&arg.to_array(rows)?, &DataType::Int64)?;
                Ok(array.as_primitive::<Int64Type>().iter().map(Option::unwrap_or_default).collect())
            }
        }
    };
    let (from, to) =
        if args.len() == 1 { (vec![0; rows], numbers(0, 0)?) } else { (numbers(0, 0)?, numbers(1, 0)?) };
    let steps = numbers(2, 1)?;
    let items = from.into_iter().zip(to).zip(steps).map(|((from, to), step)| {
        let step = u128::from(step.unsigned_abs()).max(1);
        (i128::from(to) - i128::from(from)).unsigned_abs() / step + 1
    });
    Ok(items.map(|items| items.saturating_mul(8)).collect())
}

/// Plans operators and literals by the guarded functions: `||`, `ARRAY[...]`, `OVERLAY`.
#[derive(Debug)]
pub(crate) struct GuardedPlanner {
    joined: Arc<ScalarUDF>,
    make_array: Option<Arc<ScalarUDF>>,
    overlay: Option<Arc<ScalarUDF>>,
}

impl GuardedPlanner {
    pub(crate) fn new(functions: &[Arc<ScalarUDF>], bytes_max: usize) -> Self {
        let named = |name: &str| functions.iter().find(|function| function.name() == name).cloned();
        let signature = Signature::one_of(
            vec![TypeSignature::Exact(vec![DataType::Utf8, DataType::Utf8])],
            Volatility::Immutable,
        );
        Self {
            joined: Arc::new(ScalarUDF::new_from_impl(Joined { bytes_max, signature })),
            make_array: named("make_array"),
            overlay: named("overlay"),
        }
    }
}

fn call(function: &Arc<ScalarUDF>, args: Vec<Expr>) -> Expr {
    Expr::ScalarFunction(ScalarFunction::new_udf(Arc::clone(function), args))
}

impl ExprPlanner for GuardedPlanner {
    fn plan_binary_op(&self, expr: RawBinaryExpr, schema: &DFSchema) -> Result<PlannerResult<RawBinaryExpr>> {
        if expr.op != BinaryOperator::StringConcat {
            return Ok(PlannerResult::Original(expr));
        }
        let is_plain = |side: &Expr| side.get_type(schema).is_ok_and(|kind| !kind.is_nested());
        if !is_plain(&expr.left) || !is_plain(&expr.right) {
            return Ok(PlannerResult::Original(expr));
        }
        let text =
            |side: Expr| Expr::Cast(datafusion::logical_expr::Cast::new(Box::new(side), DataType::Utf8));
        Ok(PlannerResult::Planned(call(&self.joined, vec![text(expr.left), text(expr.right)])))
    }

    fn plan_array_literal(&self, exprs: Vec<Expr>, _: &DFSchema) -> Result<PlannerResult<Vec<Expr>>> {
        match &self.make_array {
            Some(function) => Ok(PlannerResult::Planned(call(function, exprs))),
            None => Ok(PlannerResult::Original(exprs)),
        }
    }

    fn plan_overlay(&self, args: Vec<Expr>) -> Result<PlannerResult<Vec<Expr>>> {
        match &self.overlay {
            Some(function) => Ok(PlannerResult::Planned(call(function, args))),
            None => Ok(PlannerResult::Original(args)),
        }
    }
}

/// `left || right`: null where either is.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Joined {
    bytes_max: usize,
    signature: Signature,
}

impl ScalarUDFImpl for Joined {
    fn name(&self) -> &str {
        "joined"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        Growth::Sum.check("||", &args.args, args.number_rows, self.bytes_max)?;
        let are_scalars = args.args.iter().all(|arg| matches!(arg, ColumnarValue::Scalar(_)));
        let rows = if are_scalars { 1 } else { args.number_rows };
        let (left, right) = (array_of(args.args.first(), rows)?, array_of(args.args.get(1), rows)?);
        let (left, right) = (left.as_string::<i32>(), right.as_string::<i32>());
        let joined = left.iter().zip(right).map(|(left, right)| Some(format!("{}{}", left?, right?)));
        let joined: datafusion::arrow::array::StringArray = joined.collect();
        if are_scalars {
            return Ok(ColumnarValue::Scalar(datafusion::common::ScalarValue::try_from_array(&joined, 0)?));
        }
        Ok(ColumnarValue::Array(Arc::new(joined)))
    }
}
