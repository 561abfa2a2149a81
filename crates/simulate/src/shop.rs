use segops_model::Instant;

use crate::catalogue::Catalogue;
use crate::cause::PlantedCause;
use crate::chance::{Chance, Role};
use crate::config::StoreConfig;
use crate::season::Season;

/// What every customer's life is made from: the configuration and what follows from it alone.
#[derive(Debug)]
pub(crate) struct Shop {
    pub(crate) config: StoreConfig,
    pub(crate) catalogue: Catalogue,
    pub(crate) season: Season,
    /// The first instant that is no longer simulated.
    pub(crate) end: Instant,
    /// Part of every message and order id: two runs with one seed and different starts share no id.
    run_tag: String,
}

impl Shop {
    pub(crate) fn new(config: StoreConfig) -> Self {
        let end = config
            .days
            .map_or(Instant::MAX, |days| config.start.plus_ms(i64::from(days) * segops_model::DAY_MS));
        Self {
            catalogue: Catalogue::new(config.seed, config.products),
            season: Season::new(config.time_zone.clone(), config.speedup),
            run_tag: format!("{:x}-{:x}", config.seed, config.start.as_ms()),
            end,
            config,
        }
    }

    /// The start is mixed into what happens: with one seed, another start is another stretch of the same lives.
    pub(crate) const fn era(&self) -> u64 {
        self.config.start.as_ms().unsigned_abs() / 1_000
    }

    /// The draws of one occasion in the life of somebody.
    pub(crate) fn chance(&self, role: Role, index: u64, occasion: u64) -> Chance {
        Chance::on_occasion(self.config.seed ^ (self.era() << 20), role, index, occasion)
    }

    /// Whether a planted cause hits a customer on one occasion.
    pub(crate) fn cause_chance(&self, customer: u64, occasion: u64, number: usize) -> Chance {
        let causes = self.config.causes.len().max(1) as u64;
        self.chance(Role::Cause, customer, occasion * causes + number as u64)
    }

    /// The planted causes that are at work, with their numbers.
    pub(crate) fn causes_at(&self, at: Instant) -> impl Iterator<Item = (usize, &PlantedCause)> {
        let days = self.season.days_between(self.config.start, at);
        self.config.causes.iter().enumerate().filter(move |(_, cause)| days >= f64::from(cause.from_day))
    }

    /// The start of the message ids of one occasion in the life of somebody.
    pub(crate) fn message_prefix(&self, role: char, index: u64, occasion: u64) -> String {
        format!("sim-{}-{role}{index:x}-{occasion:x}", self.run_tag)
    }
}
