use std::cmp::Reverse;
use std::collections::BinaryHeap;

use segops_model::Instant;

use crate::chance::{Chance, Role};
use crate::config::{SimulateError, StoreConfig};
use crate::crowd::{bot_burst, stranger_visit};
use crate::customer::Customer;
use crate::event::SimulatedEvent;
use crate::network::Network;
use crate::shop::Shop;
use crate::statistics::Statistics;
use crate::truth::CustomerTruth;

/// A simulated store: an iterator over its events in the order in which they reach the server.
///
/// Memory follows the number of people who may yet do something, and what is on its way to the server,
/// never the number of events. Only what arrives before the end comes out: late events on their way then
/// are not seen, as in a real store.
#[derive(Debug)]
pub struct Store {
    shop: Shop,
    tasks: BinaryHeap<Reverse<Task>>,
    tasks_made: u64,
    network: Network,
    customers: Arrivals,
    strangers: Arrivals,
    statistics: Statistics,
    /// Those who will do nothing more, where truth is kept.
    gone: Vec<CustomerTruth>,
    last_arrival: Instant,
}

#[derive(Debug)]
struct Task {
    at: Instant,
    number: u64,
    doing: Doing,
}

#[derive(Debug)]
enum Doing {
    NextCustomer,
    NextStranger,
    Customer(Box<Customer>),
    Stranger { index: u64, visit: u64 },
    Bot { index: u64, sent: u32 },
}

/// Of the customers of a store with an end, this share were customers before it begins.
const KNOWN_SHARE: f64 = 0.35;
/// Over how many days those are seen first.
const KNOWN_FIRST_SEEN_DAYS: f64 = 10.0;
/// The same for live traffic, which should start at once.
const KNOWN_FIRST_SEEN_DAYS_LIVE: f64 = 2.0;
const YEAR_DAYS: f64 = 365.0;

impl Store {
    /// # Errors
    /// Where the configuration asks for something that cannot be.
    pub fn new(config: StoreConfig) -> Result<Self, SimulateError> {
        config.check()?;
        let shop = Shop::new(config);
        let network = Network::new(&shop.config, shop.message_prefix('x', 0, 0));
        let mut store = Self {
            network,
            customers: Arrivals::of_customers(&shop),
            strangers: Arrivals::of_strangers(&shop),
            tasks: BinaryHeap::new(),
            tasks_made: 0,
            statistics: Statistics::default(),
            gone: Vec::new(),
            last_arrival: shop.config.start,
            shop,
        };
        store.open();
        Ok(store)
    }

    /// When the next event reaches the server, without taking it. `None` at the end.
    pub fn next_arrival(&mut self) -> Option<Instant> {
        loop {
            let due = self.tasks.peek().map_or(Instant::MAX, |Reverse(task)| task.at);
            match self.network.next_arrival() {
                // Whatever the task at `due` sends arrives after it.
                Some(arrival) if arrival <= due => return (arrival < self.shop.end).then_some(arrival),
                _ => {
                    let Reverse(task) = self.tasks.pop()?;
                    self.carry_out(task);
                }
            }
        }
    }

    /// What has been taken so far.
    #[must_use]
    pub const fn statistics(&self) -> &Statistics {
        &self.statistics
    }

    /// The hidden state of every customer seen so far, by customer; empty unless
    /// [`StoreConfig::keep_truth`] is set.
    #[must_use]
    pub fn truth(&self) -> Vec<CustomerTruth> {
        if !self.shop.config.keep_truth {
            return Vec::new();
        }
        let active = self.tasks.iter().filter_map(|Reverse(task)| match &task.doing {
            Doing::Customer(customer) => Some(customer.truth(&self.shop, self.last_arrival)),
            _ => None,
        });
        let mut truth: Vec<CustomerTruth> = self.gone.iter().cloned().chain(active).collect();
        truth.sort_by_key(|customer| customer.customer);
        truth
    }

    /// People and events held in memory.
    #[cfg(test)]
    pub(crate) fn waiting(&self) -> usize {
        self.tasks.len() + self.network.under_way()
    }

    fn open(&mut self) {
        let start = self.shop.config.start;
        self.schedule_next_customer();
        self.schedule_next_stranger();
        for index in 0..u64::from(self.shop.config.bots) {
            let days = f64::from(self.shop.config.days.unwrap_or(30));
            let at = Chance::new(self.shop.config.seed, Role::Bot, index).unit() * days * 0.5;
            self.schedule(self.shop.season.after(start, at), Doing::Bot { index, sent: 0 });
        }
    }

    fn carry_out(&mut self, task: Task) {
        match task.doing {
            Doing::NextCustomer => {
                let (index, is_known) = self.customers.take();
                self.keep(Box::new(Customer::new(&self.shop, index, task.at, is_known)));
                self.schedule_next_customer();
            }
            Doing::NextStranger => {
                let (index, _) = self.strangers.take();
                self.schedule(task.at, Doing::Stranger { index, visit: 0 });
                self.schedule_next_stranger();
            }
            Doing::Customer(mut customer) => {
                let deeds = customer.act(&self.shop);
                self.network.send(deeds.now);
                self.network.send(deeds.later.into_iter().collect());
                self.keep(customer);
            }
            Doing::Stranger { index, visit } => {
                let (drafts, again) = stranger_visit(&self.shop, index, visit, task.at);
                self.network.send(drafts);
                if let Some(at) = again {
                    self.schedule(at, Doing::Stranger { index, visit: visit + 1 });
                }
            }
            Doing::Bot { index, sent } => {
                if sent < self.shop.config.bot_page_views {
                    let (drafts, again) = bot_burst(&self.shop, index, sent, task.at);
                    self.network.send(drafts);
                    if let Some((sent, at)) = again {
                        self.schedule(at, Doing::Bot { index, sent });
                    }
                }
            }
        }
    }

    /// Waits for what the customer does next, or lets go of one who will do nothing more.
    fn keep(&mut self, customer: Box<Customer>) {
        let at = customer.next_at();
        if at < self.shop.end {
            self.schedule(at, Doing::Customer(customer));
        } else if self.shop.config.keep_truth {
            self.gone.push(customer.truth(&self.shop, self.shop.end));
        }
    }

    fn schedule_next_customer(&mut self) {
        if let Some(at) = self.customers.next_at(&self.shop) {
            self.schedule(at, Doing::NextCustomer);
        }
    }

    fn schedule_next_stranger(&mut self) {
        if let Some(at) = self.strangers.next_at(&self.shop) {
            self.schedule(at, Doing::NextStranger);
        }
    }

    fn schedule(&mut self, at: Instant, doing: Doing) {
        if at < self.shop.end {
            let number = self.tasks_made;
            self.tasks_made += 1;
            self.tasks.push(Reverse(Task { at, number, doing }));
        }
    }
}

impl Iterator for Store {
    type Item = SimulatedEvent;

    fn next(&mut self) -> Option<SimulatedEvent> {
        self.next_arrival()?;
        let (event, order) = self.network.receive()?;
        self.statistics.count(&event, order);
        self.last_arrival = event.arrives_at;
        Some(event)
    }
}

/// People who come for the first time, one after the other: those who were there before the start over
/// the first days, the others evenly over the rest.
#[derive(Debug)]
struct Arrivals {
    taken: u64,
    known: u64,
    /// How many there are in all; `None` where they never end.
    total: Option<u64>,
    /// Days of life between two who were there before, and between two new ones.
    known_gap_days: f64,
    gap_days: f64,
    chance: Chance,
}

impl Arrivals {
    fn of_customers(shop: &Shop) -> Self {
        let config = &shop.config;
        let all = f64::from(config.customers);
        let chance = Chance::new(config.seed, Role::Arrivals, 0);
        let (known, known_days, days) = match config.days {
            Some(days) => {
                let days = f64::from(days) * config.speedup;
                ((all * KNOWN_SHARE).floor(), KNOWN_FIRST_SEEN_DAYS.min(days / 4.0), days)
            }
            None => (all, KNOWN_FIRST_SEEN_DAYS_LIVE, YEAR_DAYS),
        };
        let new = if config.days.is_some() { all - known } else { all };
        Self {
            taken: 0,
            known: whole(known),
            total: config.days.map(|_| u64::from(config.customers)),
            known_gap_days: known_days / known.max(1.0),
            gap_days: (days - known_days) / new.max(1.0),
            chance,
        }
    }

    fn of_strangers(shop: &Shop) -> Self {
        let config = &shop.config;
        let all = (f64::from(config.customers) * config.strangers_per_customer).floor();
        let is_endless = config.days.is_none() && all > 0.0;
        let days = config.days.map_or(YEAR_DAYS, |days| f64::from(days) * config.speedup);
        Self {
            taken: 0,
            known: 0,
            total: (!is_endless).then_some(whole(all)),
            known_gap_days: 0.0,
            gap_days: days / all.max(1.0),
            chance: Chance::new(config.seed, Role::Arrivals, 1),
        }
    }

    /// When the next one comes: somewhere in a slot of its own, so that all of them come before the end.
    #[expect(clippy::cast_precision_loss, reason = "counts of people")]
    fn next_at(&mut self, shop: &Shop) -> Option<Instant> {
        if self.total.is_some_and(|total| self.taken >= total) {
            return None;
        }
        let known = self.known.min(self.taken) as f64;
        let new = self.taken.saturating_sub(self.known) as f64;
        let phase = self.chance.unit();
        let days = if self.taken < self.known {
            (known + phase) * self.known_gap_days
        } else {
            known * self.known_gap_days + (new + phase) * self.gap_days
        };
        Some(shop.season.after(shop.config.start, days))
    }

    /// The next one's index, and whether they are one who was there before.
    const fn take(&mut self) -> (u64, bool) {
        let index = self.taken;
        self.taken += 1;
        (index, index < self.known)
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a count of people, not negative"
)]
const fn whole(count: f64) -> u64 {
    count as u64
}

impl PartialEq for Task {
    fn eq(&self, other: &Self) -> bool {
        self.number == other.number
    }
}

impl Eq for Task {}

impl PartialOrd for Task {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Task {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.number).cmp(&(other.at, other.number))
    }
}
