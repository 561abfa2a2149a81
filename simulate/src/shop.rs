use segops_model::Instant;

use crate::catalogue::Catalogue;
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

    /// The start of the message ids of one occasion in the life of somebody.
    pub(crate) fn message_prefix(&self, role: char, index: u64, occasion: u64) -> String {
        format!("sim-{}-{role}{index:x}-{occasion:x}", self.run_tag)
    }
}
