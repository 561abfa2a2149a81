use serde::Serialize;

use crate::chance::{Chance, Role};
use crate::json::ObjectWriter;

/// Who a customer is, and how they shop. Made anew from (seed, index) at every visit, so that nothing but
/// their progress has to stay in memory.
#[derive(Debug)]
pub(crate) struct Person {
    pub(crate) index: u64,
    /// Guests never get one.
    pub(crate) user_id: Option<String>,
    pub(crate) email: String,
    first_name: &'static str,
    last_name: &'static str,
    place: &'static Place,
    city: &'static str,
    phone: Option<String>,
    birthday: String,
    pub(crate) devices: u32,
    pub(crate) habit: Habit,
}

/// What kind of buyer a customer is at heart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Habit {
    /// Mostly buys once or never.
    Trier,
    Occasional,
    Regular,
    Devotee,
}

/// The hidden parameters of one customer's purchases.
#[derive(Debug)]
pub(crate) struct Tempo {
    /// Shape of the Weibull law of the time between orders: above 1 it is more regular than chance.
    pub(crate) gap_shape: f64,
    /// Its scale, in days of ordinary demand.
    pub(crate) gap_scale_days: f64,
    /// What the scale is multiplied by at every order: enthusiasm wears off.
    pub(crate) slowing: f64,
    /// Scale of the time since the last order after which the customer is lost, in days.
    pub(crate) patience_days: f64,
    /// Mean days between visits that buy nothing.
    pub(crate) browse_gap_days: f64,
    /// Mean number of different products in an order.
    pub(crate) basket_lines: f64,
    /// The category looked at most.
    pub(crate) favourite: usize,
    /// Whether newsletters are wanted.
    pub(crate) takes_mail: bool,
    pub(crate) likes_coupons: bool,
}

#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) country: &'static str,
    pub(crate) locale: &'static str,
    cities: &'static [&'static str],
    dial: &'static str,
    /// Sales tax on top of the price, in thousandths.
    pub(crate) tax_thousandths: u64,
}

const PLACES: [Place; 6] = [
    Place {
        country: "DE",
        locale: "de-DE",
        cities: &["Berlin", "Hamburg", "München", "Köln"],
        dial: "+4915",
        tax_thousandths: 190,
    },
    Place {
        country: "US",
        locale: "en-US",
        cities: &["New York", "Austin", "Chicago", "Portland"],
        dial: "+1202555",
        tax_thousandths: 70,
    },
    Place {
        country: "GB",
        locale: "en-GB",
        cities: &["London", "Leeds", "Bristol"],
        dial: "+4477009",
        tax_thousandths: 200,
    },
    Place {
        country: "FR",
        locale: "fr-FR",
        cities: &["Paris", "Lyon", "Nantes"],
        dial: "+3363998",
        tax_thousandths: 200,
    },
    Place {
        country: "NL",
        locale: "nl-NL",
        cities: &["Amsterdam", "Utrecht"],
        dial: "+3165550",
        tax_thousandths: 210,
    },
    Place {
        country: "PL",
        locale: "pl-PL",
        cities: &["Warszawa", "Kraków", "Gdańsk"],
        dial: "+4850055",
        tax_thousandths: 230,
    },
];
const FIRST_NAMES: [&str; 24] = [
    "Ada", "Ben", "Chloé", "David", "Emma", "Finn", "Grace", "Hugo", "Ida", "Jan", "Kira", "Liam", "Mia",
    "Noah", "Olga", "Paul", "Rosa", "Sam", "Tara", "Uwe", "Vera", "Will", "Yara", "Zoë",
];
const LAST_NAMES: [&str; 24] = [
    "Adams",
    "Becker",
    "Clark",
    "Dubois",
    "Evans",
    "Fischer",
    "Garcia",
    "Hansen",
    "Ivanova",
    "Jansen",
    "Kowalski",
    "Lopez",
    "Martin",
    "Nowak",
    "O'Brien",
    "Petit",
    "Quinn",
    "Rossi",
    "Schmidt",
    "Turner",
    "Visser",
    "Wagner",
    "Young",
    "Zieliński",
];
const GUESTS: f64 = 0.12;

impl Person {
    pub(crate) fn new(seed: u64, index: u64) -> Self {
        let mut chance = Chance::new(seed, Role::Person, index);
        let place = &PLACES[chance.weighted(&[34, 22, 16, 12, 9, 7])];
        let (first_name, last_name) = (*chance.pick(&FIRST_NAMES), *chance.pick(&LAST_NAMES));
        let city = *chance.pick(place.cities);
        let digits = chance.between(0, 9_999);
        let phone = chance.happens(0.4).then(|| format!("{}{:04}", place.dial, digits));
        let birthday = format!(
            "{}-{:02}-{:02}",
            chance.between(1948, 2006),
            chance.between(1, 12),
            chance.between(1, 28)
        );
        let habit = [Habit::Trier, Habit::Occasional, Habit::Regular, Habit::Devotee]
            [chance.weighted(&[44, 31, 18, 7])];
        Self {
            index,
            user_id: (!chance.happens(GUESTS)).then(|| format!("c-{index:06}")),
            email: format!("{}.{index}@mail.example", mailbox_name(first_name)),
            first_name,
            last_name,
            place,
            city,
            phone,
            birthday,
            devices: 1 + u32::try_from(chance.weighted(&[55, 33, 12])).unwrap_or(0),
            habit,
        }
    }

    /// How this person shops; drawn apart from who they are, and only where it is needed.
    pub(crate) fn tempo(&self, seed: u64, categories: usize) -> Tempo {
        let mut chance = Chance::on_occasion(seed, Role::Person, self.index, 1);
        let (gap_days, spread, shape, patience_gaps) = match self.habit {
            Habit::Trier => (260.0, 0.5, 0.8, 0.35),
            Habit::Occasional => (95.0, 0.45, 1.2, 1.1),
            Habit::Regular => (38.0, 0.35, 1.7, 2.4),
            Habit::Devotee => (15.0, 0.3, 2.1, 5.0),
        };
        let gap_scale_days = chance.lognormal(gap_days, spread);
        // Frequent buyers fill smaller baskets: value is not independent of frequency.
        let basket_lines = chance.lognormal(1.6 + 0.8 * libm::sqrt(gap_scale_days / 100.0), 0.3);
        Tempo {
            gap_shape: shape + 0.2 * chance.unit(),
            gap_scale_days,
            slowing: 1.0 + 0.08 * chance.unit(),
            patience_days: gap_scale_days * patience_gaps * chance.lognormal(1.0, 0.4),
            browse_gap_days: chance.lognormal((gap_scale_days / 6.0).clamp(1.5, 30.0), 0.4),
            basket_lines,
            favourite: chance.below(categories),
            takes_mail: chance.happens(0.62),
            likes_coupons: chance.happens(0.3),
        }
    }

    pub(crate) fn place(&self) -> &'static Place {
        self.place
    }

    /// The traits of an identify call. `tier` follows from the number of orders.
    pub(crate) fn write_traits(
        &self,
        created_at: segops_model::Instant,
        orders: u32,
        traits: &mut ObjectWriter<'_>,
    ) {
        traits.text("email", &self.email);
        traits.text("firstName", self.first_name);
        traits.text("lastName", self.last_name);
        traits.text("country", self.place.country);
        traits.text("city", self.city);
        if let Some(phone) = &self.phone {
            traits.text("phone", phone);
        }
        traits.text("birthday", &self.birthday);
        traits.plain("createdAt", created_at);
        traits.text("plan", if self.user_id.is_some() { "account" } else { "guest" });
        traits.text("loyaltyTier", tier(orders));
    }
}

/// The loyalty tier after so many orders.
pub(crate) fn tier(orders: u32) -> &'static str {
    match orders {
        0..=2 => "bronze",
        3..=7 => "silver",
        _ => "gold",
    }
}

/// The one that a given device shows: another after its cookies were cleared.
pub(crate) fn device_anonymous_id(seed: u64, person: u64, device: u32, cleared: u32) -> String {
    let index = (person << 12) | (u64::from(device) << 8) | u64::from(cleared & 0xff);
    Chance::new(seed, Role::Device, index).uuid()
}

fn mailbox_name(first_name: &str) -> String {
    first_name.chars().filter(char::is_ascii_alphabetic).collect::<String>().to_lowercase()
}
