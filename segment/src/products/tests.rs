use segops_model::{Event, Instant, Object, Path, Position, Value};

use super::{PRODUCT_VERSIONS_MAX, ProductChange, ProductKey, Products};
use crate::sample::{event, list, object};

fn change(id: &str, at_ms: Option<i64>, product: Option<Object>) -> ProductChange {
    ProductChange { id: id.into(), updated_at: at_ms.map(Instant::from_ms), product }
}

fn priced(price: i64) -> Option<Object> {
    Some(object(&[("price", number(price))]))
}

fn number(value: i64) -> Value {
    Value::Number(segops_model::Decimal::from_i64(value))
}

fn viewed(at_ms: i64, properties: &[(&str, Value)]) -> Event {
    event("Product Viewed", Instant::from_ms(at_ms), properties)
}

#[track_caller]
fn check(products: &Products, event: &Event, path: &str, expected: Option<Value>) {
    let joined = products.joined(event, Instant::from_ms(1_000_000));
    let path: Path = path.parse().unwrap();
    assert_eq!(joined.as_ref().and_then(|joined| path.in_event(joined)).cloned(), expected, "{path}");
}

#[test]
fn a_product_is_as_it_was_and_as_it_is() {
    let mut products = Products::default();
    let at = |ms| Instant::from_ms(ms);
    products.apply(&[change("p", None, priced(10))], Position(1), at(100)).unwrap();
    products.apply(&[change("p", None, priced(20))], Position(2), at(200)).unwrap();
    // What comes in late is put in its place; what claims to be of the future is of now.
    products.apply(&[change("p", Some(150), priced(15))], Position(3), at(300)).unwrap();
    products.apply(&[change("q", Some(9_000), priced(1))], Position(4), at(400)).unwrap();
    let named = [("product_id", Value::from("p"))];
    for (ts, price) in [(100, 10), (149, 10), (150, 15), (199, 15), (200, 20), (500, 20)] {
        check(&products, &viewed(ts, &named), "product.price", Some(number(price)));
        check(&products, &viewed(ts, &named), "current_product.price", Some(number(20)));
    }
    check(&products, &viewed(99, &named), "product.price", None);
    check(&products, &viewed(400, &[("product_id", "q".into())]), "product.price", Some(number(1)));
    check(&products, &viewed(399, &[("product_id", "q".into())]), "product.price", None);
    products.apply(&[change("p", None, None)], Position(5), at(600)).unwrap();
    check(&products, &viewed(600, &named), "product.price", None);
    check(&products, &viewed(599, &named), "product.price", Some(number(20)));
    check(&products, &viewed(599, &named), "current_product.price", None);
}

#[test]
fn the_later_of_two_at_one_instant_holds() {
    let mut products = Products::default();
    let both = [change("p", Some(100), priced(1)), change("p", Some(100), priced(2))];
    products.apply(&both, Position(1), Instant::from_ms(100)).unwrap();
    check(&products, &viewed(100, &[("product_id", "p".into())]), "product.price", Some(number(2)));
    products.apply(&[change("p", Some(100), priced(3))], Position(2), Instant::from_ms(200)).unwrap();
    check(&products, &viewed(100, &[("product_id", "p".into())]), "product.price", Some(number(3)));
}

#[test]
fn a_variant_stands_in_for_its_product() {
    let variants = list(&[
        Value::Object(object(&[
            ("id", number(7)),
            ("sku", "P-S".into()),
            ("price", number(9)),
            ("stock", number(0)),
        ])),
        Value::Object(object(&[("id", number(8)), ("sku", "P-M".into()), ("stock", number(4))])),
    ]);
    let product = object(&[
        ("title", "Tee".into()),
        ("price", number(10)),
        ("collections", list(&["Summer".into(), "Sale".into()])),
        ("variants", variants),
    ]);
    let mut products = Products::default();
    products.apply(&[change("p", None, Some(product))], Position(1), Instant::from_ms(0)).unwrap();
    let by = |properties: &[(&str, Value)], path: &str, expected: Option<Value>| {
        check(&products, &viewed(5, properties), path, expected);
    };
    let whole = [("product_id", Value::from("p"))];
    by(&whole, "product.price", Some(number(10)));
    by(&whole, "product.stock", Some(number(4)));
    by(&whole, "product.in_stock", Some(true.into()));
    by(&whole, "product.collection", Some(list(&["Summer".into(), "Sale".into()])));
    by(&whole, "product.variants", None);
    let small = [("product_id", Value::from("p")), ("variant_id", "7".into())];
    by(&small, "product.price", Some(number(9)));
    by(&small, "product.in_stock", Some(false.into()));
    by(&[("variant_id", number(8))], "product.price", Some(number(10)));
    by(&[("variant_id", number(8))], "product.variant_id", Some(number(8)));
    by(&[("sku", "P-S".into())], "product.price", Some(number(9)));
    by(&[("sku", "P-S".into())], "product.id", Some("p".into()));
    by(&[("sku", "other".into())], "product.id", None);
    by(&[("product_id", "unknown".into()), ("sku", "P-S".into())], "product.id", Some("p".into()));
    // An event's own property of that name stays.
    by(&[("product_id", "p".into()), ("product", "own".into())], "product", Some("own".into()));
}

#[test]
fn line_items_are_joined_each() {
    let mut products = Products::default();
    products.apply(&[change("p", None, priced(10))], Position(1), Instant::from_ms(0)).unwrap();
    let lines = list(&[
        Value::Object(object(&[("product_id", "p".into())])),
        Value::Object(object(&[("product_id", "q".into())])),
        "text".into(),
    ]);
    let order = viewed(1, &[("products", lines)]);
    let joined = products.joined(&order, Instant::from_ms(9)).unwrap();
    let items = joined.properties.get("products").and_then(Value::as_list).unwrap();
    let has_product = |item: &Value| item.as_object().is_some_and(|line| line.get("product").is_some());
    assert_eq!(items.iter().map(has_product).collect::<Vec<_>>(), [true, false, false]);
    let keys = ProductKey::of_event(&order);
    assert_eq!(keys, [ProductKey::Product("p".into()), ProductKey::Product("q".into())]);
}

#[test]
fn a_change_touches_every_name_that_the_product_ever_had() {
    let mut products = Products::default();
    let with_sku = |sku: &str| Some(object(&[("sku", sku.into())]));
    products.apply(&[change("p", None, with_sku("a"))], Position(1), Instant::from_ms(1)).unwrap();
    let touched =
        products.apply(&[change("p", None, with_sku("b"))], Position(2), Instant::from_ms(2)).unwrap();
    let keys = [ProductKey::Product("p".into()), ProductKey::Sku("a".into()), ProductKey::Sku("b".into())];
    assert!(touched.iter().eq(&keys), "{touched:?}");
}

#[test]
fn versions_are_bounded() {
    let mut products = Products::default();
    for step in 0..PRODUCT_VERSIONS_MAX as i64 + 5 {
        let position = Position(step.unsigned_abs());
        products.apply(&[change("p", None, priced(step))], position, Instant::from_ms(step)).unwrap();
    }
    assert_eq!(products.versions("p").len(), PRODUCT_VERSIONS_MAX);
    assert_eq!(products.versions("p")[0].since, Instant::from_ms(5));
}

#[test]
fn names_that_joining_gives_are_known_too() {
    let mut products = Products::default();
    let variant = object(&[("id", "v".into()), ("stock", number(2)), ("size", "M".into())]);
    let maker = object(&[("name", "Ann".into())]);
    let product = object(&[
        ("maker", Value::Object(maker)),
        ("collections", list(&["Summer".into()])),
        ("variants", Value::List(vec![Value::Object(variant)])),
    ]);
    products.apply(&[change("p", None, Some(product))], Position(1), Instant::from_ms(1)).unwrap();
    products.apply(&[change("p", None, None)], Position(2), Instant::from_ms(2)).unwrap();
    let expected =
        ["collection", "collections", "id", "in_stock", "maker", "maker.name", "size", "stock", "variant_id"];
    assert!(products.fields().eq(expected), "{:?}", products.fields().collect::<Vec<_>>());
    assert!(products.has_field("maker.name") && !products.has_field("maker.nme"));
}
