use serde_json::json;

use crate::Answer;
use crate::features::Feature;
use crate::groups::Group;
use crate::sample::{Shop, instant, number, object};
use crate::tests::Numbers;
use segops_model::{DAY_MS, Value};

/// Customers of a channel come back more; a colour comes with the channel, and does nothing by itself.
fn shop(seed: u64) -> Shop {
    let mut numbers = Numbers(seed);
    let mut shop = Shop::at("2026-12-31");
    for customer in 0..3_000_u64 {
        let first = instant("2026-01-01").plus_ms(numbers.below(200).cast_signed() * DAY_MS);
        let is_mail = numbers.one_in(3);
        let is_red = if is_mail { !numbers.one_in(5) } else { numbers.one_in(5) };
        let channel: Value = if is_mail { "mail" } else { "ads" }.into();
        let colour: Value = if is_red { "red" } else { "blue" }.into();
        let total = Value::from(10 + numbers.below(90).cast_signed());
        let order = |total: Value| {
            object(&[("channel", channel.clone()), ("colour", colour.clone()), ("total", total)])
        };
        shop.add(customer, "Order Completed", first, order(total), segops_model::Object::new());
        if numbers.share() < if is_mail { 0.5 } else { 0.25 } {
            let second = first.plus_ms((1 + numbers.below(80).cast_signed()) * DAY_MS);
            shop.add(customer, "Order Completed", second, order(Value::from(5)), segops_model::Object::new());
        }
    }
    shop
}

fn ask(shop: &Shop) -> crate::PredictorsAnswer {
    match shop.ask(json!({ "predictors": {} })).unwrap() {
        Answer::Predictors(answer) => answer,
        other => panic!("{other:?}"),
    }
}

fn value(predictor: &crate::Predictor) -> Option<&str> {
    match &predictor.feature {
        Feature::Value { group: Group::Value(value), .. } => Some(value),
        _ => None,
    }
}

#[test]
fn what_only_comes_with_the_cause_is_nothing_once_all_else_is_alike() {
    for seed in 0..5 {
        let answer = ask(&shop(seed));
        assert_eq!(answer.customers, 3_000);
        let find = |wanted: &str| answer.predictors.iter().find(|one| value(one) == Some(wanted)).unwrap();
        let (mail, red) = (find("mail"), find("red"));
        // Of two values one is held against the other.
        let adjusted = |one: &crate::Predictor| one.adjusted.as_ref().map(|adjusted| adjusted.odds_ratio);
        assert!(mail.raw.q < 1e-6 && red.raw.q < 1e-3, "seed {seed}");
        let mail = adjusted(mail).unwrap();
        assert!(
            mail.low > 1.8 && mail.low < 3.0 && mail.high > 3.0 && mail.high < 4.5,
            "seed {seed}: {mail:?}"
        );
        let red = adjusted(red).unwrap();
        assert!(red.low < 1.1 && red.high > 0.9, "seed {seed}: {red:?}");
        assert_eq!(
            answer.predictors[0].raw.p,
            answer.predictors.iter().map(|one| one.raw.p).fold(1.0, f64::min)
        );
    }
}

#[test]
fn only_customers_whose_days_are_over_are_counted_and_bands_hold_all_amounts() {
    let mut shop = Shop::at("2026-12-31");
    for customer in 0..200_u64 {
        let day = if customer < 40 { "2026-12-01" } else { "2026-02-01" };
        let total = number(&(customer % 10).to_string());
        shop.add(
            customer,
            "Order Completed",
            instant(day),
            object(&[("total", total)]),
            segops_model::Object::new(),
        );
    }
    let answer = ask(&shop);
    assert_eq!((answer.customers, answer.with_outcome), (160, 0));
    let bands: Vec<_> = answer
        .predictors
        .iter()
        .filter_map(|one| match &one.feature {
            Feature::OrderValue { from, to } => Some((*from, *to, one.raw.with)),
            _ => None,
        })
        .collect();
    assert_eq!(bands.iter().map(|(_, _, with)| with).sum::<u64>(), 160, "{bands:?}");
}
