use jiff::tz::TimeZone;
use segops_model::Instant;

/// What store to make. Everything follows from this: the same configuration gives the same bytes.
#[derive(Debug, Clone)]
pub struct StoreConfig {
    pub seed: u64,
    /// People who can become customers, over the whole time. An endless store starts with this many and
    /// gains as many again every year.
    pub customers: u32,
    /// How many days of traffic; `None` goes on for ever.
    pub days: Option<u32>,
    /// The instant that the traffic starts at.
    pub start: Instant,
    /// Where the store's customers live: it sets the hours at which they shop.
    pub time_zone: TimeZone,
    /// ISO 4217 code of every amount.
    pub currency: String,
    /// Products in the catalogue.
    pub products: u32,
    /// Visitors who never say who they are, for each customer.
    pub strangers_per_customer: f64,
    /// Crawlers, each one anonymous id with [`StoreConfig::bot_page_views`] page views.
    pub bots: u32,
    pub bot_page_views: u32,
    /// Share of visits whose events are sent hours to days later, with the time they happened.
    pub late_share: f64,
    /// Share of events that are sent a second time, under the same message id.
    pub duplicate_share: f64,
    /// Share of visits from a shared device, or with a placeholder such as "null" for a user id.
    pub shared_share: f64,
    /// Share of all events that are malformed. They come on top: the good ones stay the same.
    pub bad_share: f64,
    /// How many times faster customers live: the time between visits, orders and mails is divided by
    /// this, while the inside of a visit keeps its pace. For demonstrations with live traffic.
    pub speedup: f64,
    /// Whether to remember each customer's hidden state for [`crate::Store::truth`].
    pub keep_truth: bool,
}

impl StoreConfig {
    /// A store of ordinary shape.
    #[must_use]
    pub fn new(seed: u64, customers: u32, days: u32, start: Instant) -> Self {
        Self {
            seed,
            customers,
            days: Some(days),
            start,
            time_zone: TimeZone::UTC,
            currency: "EUR".to_owned(),
            products: 240,
            strangers_per_customer: 1.5,
            bots: 1,
            bot_page_views: 5_000,
            late_share: 0.015,
            duplicate_share: 0.005,
            shared_share: 0.005,
            bad_share: 0.0,
            speedup: 1.0,
            keep_truth: false,
        }
    }

    /// Endless traffic from `start` on, with about this many events a second once everyone has been seen.
    /// Take the events with [`crate::Store::next_arrival`] and the iterator, each when its time has come.
    #[must_use]
    pub fn live(seed: u64, customers: u32, start: Instant, events_per_second: f64) -> Self {
        // Observed over several seeds: what comes a day for each customer, strangers' visits included.
        const EVENTS_PER_CUSTOMER_DAY: f64 = 1.1;
        let natural = f64::from(customers.max(1)) * EVENTS_PER_CUSTOMER_DAY / 86_400.0;
        Self {
            days: None,
            bots: 0,
            speedup: (events_per_second / natural).max(1.0),
            ..Self::new(seed, customers, 0, start)
        }
    }

    pub(crate) fn check(&self) -> Result<(), SimulateError> {
        let shares = [
            ("late_share", self.late_share),
            ("duplicate_share", self.duplicate_share),
            ("shared_share", self.shared_share),
            ("bad_share", self.bad_share),
        ];
        for (name, share) in shares {
            if !(0.0..=0.9).contains(&share) {
                return Err(SimulateError::Share { name, share });
            }
        }
        if self.days.is_some_and(|days| days > DAYS_MAX) {
            return Err(SimulateError::Days);
        }
        if !(1..=PRODUCTS_MAX).contains(&self.products) {
            return Err(SimulateError::Products);
        }
        if !(1.0..=1e6).contains(&self.speedup) {
            return Err(SimulateError::Speedup);
        }
        if !(0.0..=100.0).contains(&self.strangers_per_customer) {
            return Err(SimulateError::Strangers);
        }
        let years = Instant::from_ms(0)..Instant::from_ms(4_102_444_800_000);
        if !years.contains(&self.start) {
            return Err(SimulateError::Start);
        }
        Ok(())
    }
}

const DAYS_MAX: u32 = 36_500;
const PRODUCTS_MAX: u32 = 100_000;

/// Why a store cannot be made.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum SimulateError {
    #[error("{name} is {share}; give a share from 0 to 0.9")]
    Share { name: &'static str, share: f64 },
    #[error("more than {DAYS_MAX} days; ask for fewer, or for endless traffic")]
    Days,
    #[error("the number of products must be from 1 to {PRODUCTS_MAX}")]
    Products,
    #[error("the speed-up must be from 1 to 1,000,000")]
    Speedup,
    #[error("strangers per customer must be from 0 to 100")]
    Strangers,
    #[error("the start must lie between the years 1970 and 2100")]
    Start,
}
