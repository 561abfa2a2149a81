use segops_model::Path;
use segops_model::{Instant, Position, Value};
use segops_rules::{EventFilter, ItemTest, Predicate, PropertyTest, Resolved, Test};

use super::{Capture, CaptureKind, Capturer, VALUES_PER_EVENT_MAX};
use crate::sample::{event, list, named, object, zone};

fn path(text: &str) -> Path {
    text.parse().unwrap()
}

fn taken(
    kind: CaptureKind,
    property: &str,
    by_quantity: bool,
    filter: &EventFilter<Resolved>,
    of: &[(&str, Value)],
) -> Vec<i128> {
    let capture = Capture { kind, property: path(property), by_quantity };
    let capturer = Capturer::compile(&capture, filter, &zone("Europe/Berlin"));
    let mut out = Vec::new();
    capturer.values(&event("Order Completed", Instant::from_ms(0), of), Position(7), &mut out);
    out.iter().map(|value| value.value).collect()
}

fn whole(numbers: &[i64]) -> Vec<i128> {
    numbers.iter().map(|number| i128::from(*number) * 1_000_000_000).collect()
}

#[test]
fn numbers_are_taken_from_wherever_the_path_leads() {
    let line = |category: &str, price: Value, quantity: Option<i64>| {
        let mut line = object(&[("category", category.into()), ("price", price)]);
        if let Some(quantity) = quantity {
            line.set("quantity", quantity.into());
        }
        Value::Object(line)
    };
    let products = list(&[
        line("Shoes", 20.into(), Some(2)),
        line("Hats", "5".into(), None),
        line("shoes", "free".into(), Some(1)),
        "no line".into(),
    ]);
    let properties = [
        ("total", "45".into()),
        ("quantity", 3.into()),
        ("products", products),
        ("sizes", list(&[1.into(), 2.into()])),
    ];
    let shoes = |list: &str| {
        let test =
            PropertyTest { property: path("category"), match_case: false, test: Test::Is("shoes".into()) };
        let predicate = Box::new(Predicate::Property(test));
        let item = Predicate::Item(ItemTest { list: path(list), predicate });
        EventFilter { predicate: Some(Predicate::All(vec![item])), ..named("Order Completed") }
    };
    let plain = named("Order Completed");
    for (property, by_quantity, filter, expected) in [
        ("total", false, &plain, vec![45]),
        ("total", true, &plain, vec![135]),
        ("missing", false, &plain, vec![]),
        ("sizes", false, &plain, vec![1, 2]),
        ("products[].price", false, &plain, vec![20, 5]),
        ("products[].price", true, &plain, vec![40, 5]),
        ("products[].price", false, &shoes("products"), vec![20]),
        ("products[].price", false, &shoes("others"), vec![20, 5]),
    ] {
        let numbers = taken(CaptureKind::Numbers, property, by_quantity, filter, &properties);
        assert_eq!(numbers, whole(&expected), "{property} {by_quantity}");
    }
}

#[test]
fn dates_are_instants() {
    let dates = taken(CaptureKind::Dates, "at", false, &named("A"), &[("at", "1970-01-02".into())]);
    assert_eq!(dates, vec![82_800_000], "midnight in Berlin");
}

#[test]
fn keys_are_the_same_for_what_a_person_types_the_same() {
    let keys = |value: Value| taken(CaptureKind::Keys, "id", false, &named("A"), &[("id", value)]);
    assert_eq!(keys("Ab".into()), keys("aB".into()));
    assert_eq!(keys("10".into()), keys(10.into()));
    assert_eq!(keys("true".into()), keys(true.into()));
    assert_ne!(keys("010".into()), keys(10.into()));
    assert_eq!(keys(" ".into()), Vec::<i128>::new());
    assert_eq!(keys(Value::Null), Vec::<i128>::new());
    assert_eq!(keys(list(&["a".into(), "b".into()])).len(), 2);
}

#[test]
fn of_very_many_values_the_first_are_taken() {
    let many = Value::List(vec![1.into(); VALUES_PER_EVENT_MAX + 5]);
    assert_eq!(
        taken(CaptureKind::Numbers, "n", false, &named("A"), &[("n", many)]).len(),
        VALUES_PER_EVENT_MAX
    );
}

#[test]
fn what_is_past_the_range_is_no_number() {
    let large = Value::Number(segops_model::Decimal::parse("9e19").unwrap());
    let properties = [("price", large), ("quantity", 2.into())];
    assert_eq!(taken(CaptureKind::Numbers, "price", true, &named("A"), &properties), Vec::<i128>::new());
    assert_eq!(taken(CaptureKind::Numbers, "price", false, &named("A"), &properties).len(), 1);
}
