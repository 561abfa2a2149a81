//! What happens in a workspace: events on time, late, repeated and at one instant, people who turn out to be
//! one, clocks that are set forth and back, restarts.

use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value as Json, json};

use segops_model::{DAY_MS, HOUR_MS};

use super::orders::order_item;
use super::rules::{Sample, sample};

/// Where and when a history starts.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub(super) zone: &'static str,
    pub(super) week_start: &'static str,
    pub(super) starts_at: &'static str,
}

#[derive(Debug, Clone)]
pub(super) struct History {
    pub(super) place: Place,
    /// Segments that are there before the first event.
    pub(super) rules: Vec<Sample>,
    pub(super) steps: Vec<Step>,
}

/// One thing that happens.
#[derive(Debug, Clone)]
pub(super) enum Step {
    /// An item of the tracking API; its time is so long before now, or that of an earlier event.
    Send {
        item: Json,
        when: When,
        repeats: Option<u8>,
        from_kiosk: bool,
    },
    PassMs(i64),
    /// To so long after an earlier event, or one millisecond before that.
    ToEdge {
        event: u8,
        after_ms: i64,
        just_before: bool,
    },
    /// To one millisecond before the next due instant, and then to it.
    ToNextDue,
    /// The catalogue says something new of a product, perhaps of long ago.
    ChangeProduct {
        id: &'static str,
        product: Option<Json>,
        hours_ago: i64,
    },
    Create(Sample),
    Edit {
        segment: u8,
        rule: Sample,
    },
    /// Takes some identifiers out of someone's profile, and other things happen while history is read.
    Split {
        person: u8,
        taken: u8,
        meanwhile: Vec<Step>,
    },
    /// Lifts a bar.
    Lift {
        split: u8,
    },
    Delete {
        person: u8,
    },
    /// Asks of an instant in the past.
    LookBack {
        hours: u16,
    },
    Restart,
}

#[derive(Debug, Clone)]
pub(super) enum When {
    Ago { ms: i64 },
    SameAs { event: u8 },
}

/// Starts shortly before clocks change, months end, or years turn.
const PLACES: [(&str, &str, &str); 12] = [
    ("UTC", "monday", "2026-03-01T12:00:00Z"),
    ("UTC", "sunday", "2027-12-30T20:00:00Z"),
    ("UTC", "monday", "2028-02-27T22:00:00Z"),
    ("Europe/Berlin", "monday", "2026-03-27T22:30:00Z"),
    ("Europe/Berlin", "sunday", "2026-10-24T10:00:00Z"),
    ("America/New_York", "sunday", "2026-03-07T04:00:00Z"),
    ("America/New_York", "monday", "2026-10-30T13:00:00Z"),
    ("Australia/Lord_Howe", "monday", "2026-04-03T12:00:00Z"),
    ("America/Santiago", "saturday", "2026-04-03T20:00:00Z"),
    ("Africa/Cairo", "sunday", "2026-04-22T20:00:00Z"),
    ("America/Havana", "monday", "2026-03-06T20:00:00Z"),
    ("Asia/Kolkata", "wednesday", "2026-05-30T15:00:00Z"),
];

fn time_ago() -> impl Strategy<Value = When> {
    prop_oneof![
        8 => Just(When::Ago { ms: 0 }),
        2 => (1_i64..72).prop_map(|hours| When::Ago { ms: hours * HOUR_MS }),
        2 => (1_i64..45).prop_map(|days| When::Ago { ms: days * DAY_MS }),
        2 => (1_i64..30, 0_i64..24).prop_map(|(half_months, hours)| When::Ago { ms: half_months * 15 * DAY_MS + hours * HOUR_MS }),
        1 => (1_i64..40).prop_map(|hours| When::Ago { ms: -hours * HOUR_MS }),
        2 => any::<u8>().prop_map(|event| When::SameAs { event }),
    ]
}

fn total() -> impl Strategy<Value = Json> {
    select(vec![
        json!(10),
        json!(50),
        json!("50"),
        json!(" 5e1 "),
        json!(49.999_999_999),
        json!("99.50"),
        json!(99.5),
        json!(500),
        json!("12 EUR"),
        json!(""),
        json!(null),
        json!(true),
        json!([10, 99.5]),
        json!([]),
    ])
}

/// What names a product of the catalogue, or none that there is.
fn reference() -> impl Strategy<Value = Json> {
    select(vec![
        json!({"product_id": "p0", "price": 20}),
        json!({"product_id": "p1", "variant_id": 1}),
        json!({"product_id": "p1", "sku": "S1"}),
        json!({"variant_id": "2", "price": 5}),
        json!({"sku": "S0"}),
        json!({"product_id": "p9"}),
        json!({"product_id": "p0", "product": {"collection": "Winter", "stock": 1}}),
    ])
}

fn change_of_product() -> impl Strategy<Value = Step> {
    let collection = select(vec![json!(["Summer", "Sale"]), json!("Winter"), json!([]), json!(null)]);
    let stock = select(vec![json!(0), json!("3"), json!(null)]);
    let variant_stock = select(vec![json!(0), json!(7)]);
    let product = (collection, select(vec![5, 20, 75]), stock, variant_stock, select(vec!["S0", "S1"]))
        .prop_map(|(collections, price, stock, variant_stock, sku)| {
            json!({"collections": collections, "price": price, "stock": stock, "variants": [
                {"id": 1, "sku": sku, "stock": variant_stock},
                {"id": "2", "sku": "S2", "price": 50, "stock": variant_stock},
            ]})
        });
    let hours_ago = prop_oneof![3 => Just(0_i64), 2 => 1_i64..100, 1 => -5_i64..0];
    (select(vec!["p0", "p1"]), prop::option::weighted(0.85, product), hours_ago)
        .prop_map(|(id, product, hours_ago)| Step::ChangeProduct { id, product, hours_ago })
}

fn products() -> impl Strategy<Value = Json> {
    let category = select(vec![json!("Shoes"), json!("SHOES"), json!("Bags"), json!("Hats"), json!(null)]);
    let price = select(vec![json!(5), json!("20"), json!(20.01), json!(75)]);
    let sizes = select(vec![json!("M"), json!(["m", "L"]), json!(["S"]), json!([])]);
    let item = prop_oneof![
        7 => (category, price, sizes)
            .prop_map(|(category, price, sizes)| json!({"category": category, "price": price, "sizes": sizes})),
        6 => reference(),
        1 => Just(json!("no object")),
    ];
    prop::collection::vec(item, 0..3).prop_map(Json::Array)
}

fn properties() -> impl Strategy<Value = Json> {
    let category = select(vec![
        json!("Shoes"),
        json!("SHOES"),
        json!("shoes"),
        json!("Bags"),
        json!("ſhoes"),
        json!("  "),
        json!(7),
        json!(["Hats", "shoes"]),
    ]);
    let tags =
        select(vec![json!(["new", "Sale"]), json!(["NEW"]), json!([]), json!("sale"), json!([["new"], 3])]);
    // Dates around the start, as the place's own clocks show them: filled in when sent.
    let ship_at = select(vec![
        "{-30}",
        "{-1}",
        "{+0}",
        "{+1}",
        "{+1}T02:30",
        "{+2}T02:45",
        "{+1}T02:30:00Z",
        "{+2}",
        "{+2}T00:15:00",
        "{+3}T23:59:59.999",
        "soon",
        "1772366400",
        "1772366400000",
    ]);
    let gift = select(vec![json!(true), json!(false), json!("True"), json!("yes")]);
    let option = prop::option::weighted::<BoxedStrategy<Json>>;
    (
        option(0.8, total().boxed()),
        option(0.7, category.boxed()),
        option(0.6, products().boxed()),
        option(0.5, tags.boxed()),
        option(0.5, ship_at.prop_map(Json::from).boxed()),
        option(0.4, gift.boxed()),
    )
        .prop_map(|(total, category, products, tags, ship_at, gift)| {
            let all = [
                ("total", total),
                ("category", category),
                ("products", products),
                ("tags", tags),
                ("ship_at", ship_at),
                ("gift", gift),
            ];
            let set = all.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
            Json::Object(set.collect())
        })
        .prop_flat_map(|properties| (Just(properties), prop::option::weighted(0.3, reference())))
        .prop_map(|(mut properties, named)| {
            if let (Some(own), Some(Json::Object(named))) = (properties.as_object_mut(), named) {
                own.extend(named);
            }
            properties
        })
}

fn who() -> impl Strategy<Value = Json> {
    let user = select(vec!["u0", "u1", "u2", "u3", "guest"]);
    let browser = select(vec!["b0", "b1", "b2", "b3"]);
    let address = select(vec!["x0@shop.example", "X0@shop.example ", "x1@shop.example", "not an address"]);
    prop_oneof![
        4 => user.clone().prop_map(|user| json!({"userId": user})),
        3 => browser.clone().prop_map(|browser| json!({"anonymousId": browser})),
        2 => (user.clone(), browser.clone()).prop_map(|(user, browser)| json!({"userId": user, "anonymousId": browser})),
        1 => (browser, address.clone()).prop_map(|(browser, address)| json!({"anonymousId": browser, "context": {"traits": {"email": address}}})),
        1 => (user, address).prop_map(|(user, address)| json!({"userId": user, "context": {"traits": {"email": address}}})),
    ]
}

fn traits() -> impl Strategy<Value = Json> {
    let country =
        select(vec![json!("DE"), json!("de"), json!("AT"), json!(""), json!(null), json!(["AT", "DE"])]);
    let age = select(vec![json!(17), json!("18"), json!(18.0), json!(40), json!("old"), json!(null)]);
    let birthday = select(vec![
        json!("1990-06-15"),
        json!("2000-02-29"),
        json!("1999-12-31T23:59:59Z"),
        json!(946_684_800_000_i64),
        json!("?"),
    ]);
    // Dates around the start, as the place's own clocks show them: filled in when sent.
    let renewal = select(vec![
        json!("{-400}"),
        json!("{-31}"),
        json!("{-3}"),
        json!("{-1}"),
        json!("{+0}"),
        json!("{+1}"),
        json!("{+1}T02:30"),
        json!("{+2}T12:00:00Z"),
        json!("{+5}"),
        json!("{+20}"),
        json!("{+40}"),
        json!("{-365}"),
        json!("{-730}"),
        json!("never"),
        json!(["{-20}", "{+3}", "?"]),
        json!(null),
    ]);
    let interests = select(vec![json!(["tea", "wine"]), json!("Tea"), json!([]), json!(["milk"])]);
    let address = select(vec![
        json!({"city": "Berlin", "country": "DE", "region": "Berlin"}),
        json!({"city": "Berlin", "latitude": 52.5, "longitude": "13.4"}),
        json!({"city": "München", "country_code": "deu", "state": "Bayern", "latitude": 48.14, "longitude": 11.58}),
        json!({"city": "", "country": "Austria", "latitude": -33.9, "longitude": 151.2}),
        json!("Berlin"),
        json!(null),
    ]);
    let option = prop::option::weighted::<BoxedStrategy<Json>>;
    (
        option(0.7, country.boxed()),
        option(0.6, age.boxed()),
        option(0.5, birthday.boxed()),
        option(0.5, interests.boxed()),
        option(0.5, address.boxed()),
        option(0.4, any::<bool>().prop_map(Json::from).boxed()),
        option(0.6, renewal.boxed()),
    )
        .prop_map(|(country, age, birthday, interests, address, vip, renewal)| {
            let all = [
                ("country", country),
                ("age", age),
                ("birthday", birthday),
                ("interests", interests),
                ("address", address),
                ("vip", vip),
                ("renewal", renewal),
            ];
            let set = all.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
            Json::Object(set.collect())
        })
}

fn item() -> impl Strategy<Value = Json> {
    let merged = |mut left: Json, right: &Json| {
        if let (Some(members), Some(more)) = (left.as_object_mut(), right.as_object()) {
            for (name, value) in more {
                members.insert(name.clone(), value.clone());
            }
        }
        left
    };
    let track = (who(), select(vec!["Order Completed", "Product Viewed"]), properties()).prop_map(
        move |(who, event, properties)| {
            merged(json!({"type": "track", "event": event, "properties": properties}), &who)
        },
    );
    let page = (who(), properties(), any::<bool>()).prop_map(move |(who, properties, mailed)| {
        let mut page = merged(json!({"type": "page", "properties": properties}), &who);
        if mailed {
            page["context"]["campaign"] = json!({"source": "Newsletter"});
        }
        page
    });
    let identify = (who(), traits())
        .prop_map(move |(who, traits)| merged(json!({"type": "identify", "traits": traits}), &who));
    let alias = (select(vec!["u0", "u1", "u2"]), select(vec!["u0", "u1", "u3", "b0", "b2"]))
        .prop_map(|(user, previous)| json!({"type": "alias", "userId": user, "previousId": previous}));
    let order = order_item(who().boxed());
    prop_oneof![8 => track, 4 => order, 3 => page, 4 => identify, 1 => alias]
}

/// An item of the tracking API, on time or late, new or repeated.
fn send() -> impl Strategy<Value = Step> {
    (item(), time_ago(), prop::option::weighted(0.08, any::<u8>()), prop::bool::weighted(0.25))
        .prop_map(|(item, when, repeats, from_kiosk)| Step::Send { item, when, repeats, from_kiosk })
}

fn step() -> impl Strategy<Value = Step> {
    let meanwhile = prop_oneof![
        6 => send(),
        1 => (1_i64..50).prop_map(|hours| Step::PassMs(hours * HOUR_MS)),
        1 => any::<u8>().prop_map(|person| Step::Delete { person }),
    ];
    let meanwhile = prop::collection::vec(meanwhile, 0..4);
    let edges_ms = select(vec![
        HOUR_MS,
        6 * HOUR_MS,
        DAY_MS,
        36 * HOUR_MS,
        2 * DAY_MS,
        3 * DAY_MS,
        7 * DAY_MS,
        28 * DAY_MS,
        30 * DAY_MS,
        31 * DAY_MS,
    ]);
    prop_oneof![
        14 => send(),
        1 => (any::<u8>(), any::<u8>(), meanwhile)
            .prop_map(|(person, taken, meanwhile)| Step::Split { person, taken, meanwhile }),
        1 => prop_oneof![
            any::<u8>().prop_map(|split| Step::Lift { split }),
            any::<u8>().prop_map(|person| Step::Delete { person }),
        ],
        2 => (1_i64..50).prop_map(|hours| Step::PassMs(hours * HOUR_MS)),
        1 => (1_i64..40).prop_map(|days| Step::PassMs(days * DAY_MS)),
        1 => (1_i64..5_000).prop_map(Step::PassMs),
        2 => (any::<u8>(), edges_ms, any::<bool>())
            .prop_map(|(event, after_ms, just_before)| Step::ToEdge { event, after_ms, just_before }),
        3 => Just(Step::ToNextDue),
        3 => change_of_product(),
        1 => sample().prop_map(Step::Create),
        1 => (0_u8..8, sample()).prop_map(|(segment, rule)| Step::Edit { segment, rule }),
        1 => (1_u16..2_000).prop_map(|hours| Step::LookBack { hours }),
        1 => Just(Step::Restart),
    ]
}

pub(super) fn history() -> impl Strategy<Value = History> {
    let place = select(PLACES.to_vec()).prop_map(|(zone, week_start, starts_at)| Place {
        zone,
        week_start,
        starts_at,
    });
    (place, prop::collection::vec(sample(), 4..10), prop::collection::vec(step(), 10..50))
        .prop_map(|(place, rules, steps)| History { place, rules, steps })
}
