//! A seeded shop: visits and e-mails of customers over a year, event after event in the order of time. Few customers
//! come often and many seldom; later events of a visit depend on earlier ones, so that funnels and sequences have
//! something to find.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use segops_model::{DAY_MS, Instant, MINUTE_MS};

use crate::chance::Chance;

/// Days that the history spans.
pub(crate) const DAYS: i64 = 365;
/// What comes of one visit or e-mail on average, to which the number of them is fitted.
const EVENTS_PER_OCCASION: u64 = 9;
const SECOND_MS: i64 = 1_000;

pub(crate) const CATEGORIES: [&str; 10] =
    ["Shoes", "Dresses", "Shirts", "Jackets", "Bags", "Watches", "Jewellery", "Sports", "Beauty", "Home"];
/// Products by number; the last digit is the category.
const PRODUCTS: u64 = 20_000;
const COUPONS: [&str; 6] = ["WELCOME10", "SUMMER", "VIP20", "FREESHIP", "BACK15", "APP5"];

/// A product line: its product's number, how many, and what one costs in cents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Line {
    pub(crate) product: u64,
    pub(crate) quantity: u64,
    pub(crate) cents: u64,
}

/// What a customer did.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Deed {
    Identified,
    Viewed(Line),
    ListViewed { category: u64 },
    Searched { words: u64 },
    Added(Line),
    CartViewed { lines: usize, cents: u64 },
    CheckoutStarted { cents: u64 },
    CouponEntered { coupon: usize },
    Ordered { order: u64, lines: Vec<Line>, cents: u64, coupon: Option<usize> },
    Reviewed { product: u64, rating: u64 },
    EmailDelivered { campaign: u64 },
    EmailOpened { campaign: u64 },
    EmailClicked { campaign: u64 },
}

/// One event.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Happening {
    pub(crate) ts: Instant,
    /// Tells happenings of one instant apart, and is their order.
    number: u64,
    pub(crate) customer: u64,
    pub(crate) deed: Deed,
    /// 128 random bits for the message id.
    pub(crate) id: (u64, u64),
}

/// Events in the order of time.
#[derive(Debug)]
pub(crate) struct Shop {
    chance: Chance,
    customers: u64,
    seen: Vec<bool>,
    /// When the next visit or e-mail begins.
    next: Instant,
    gap_ms: f64,
    end: Instant,
    waiting: BinaryHeap<Reverse<Happening>>,
    numbered: u64,
    orders: u64,
}

impl Shop {
    /// About so many events of so many customers, up to an instant.
    #[expect(clippy::cast_precision_loss, reason = "the number of events need not be exact")]
    pub(crate) fn new(seed: u64, customers: u64, events: u64, end: Instant) -> Self {
        let occasions = (events / EVENTS_PER_OCCASION).max(1);
        Self {
            chance: Chance::new(seed),
            customers: customers.max(1),
            seen: vec![false; usize::try_from(customers.max(1)).unwrap_or(1)],
            next: end.plus_ms(-DAYS * DAY_MS),
            gap_ms: (DAYS * DAY_MS) as f64 / occasions as f64,
            end,
            waiting: BinaryHeap::new(),
            numbered: 0,
            orders: 0,
        }
    }

    fn happen(&mut self, ts: Instant, customer: u64, deed: Deed) {
        if ts >= self.end {
            return;
        }
        self.numbered += 1;
        let id = (self.chance.bits(), self.chance.bits());
        self.waiting.push(Reverse(Happening { ts, number: self.numbered, customer, deed, id }));
    }

    /// Somebody comes to the shop, or gets an e-mail.
    fn begin(&mut self, at: Instant) {
        let drawn = self.chance.unit();
        // A third of all occasions are of a tenth of the customers.
        let customer = self.chance.share_of(self.customers, drawn * drawn);
        if let Some(seen) = usize::try_from(customer).ok().and_then(|place| self.seen.get_mut(place))
            && !std::mem::replace(seen, true)
        {
            self.happen(at, customer, Deed::Identified);
        }
        let at = at.plus_ms(SECOND_MS);
        if self.chance.is(0.3) {
            self.email(at, customer);
        } else {
            self.visit(at, customer);
        }
    }

    fn email(&mut self, at: Instant, customer: u64) {
        let campaign = self.chance.below(200);
        self.happen(at, customer, Deed::EmailDelivered { campaign });
        if self.chance.is(0.4) {
            let at = self.later(at, 600);
            self.happen(at, customer, Deed::EmailOpened { campaign });
            if self.chance.is(0.3) {
                let at = self.later(at, 2);
                self.happen(at, customer, Deed::EmailClicked { campaign });
                self.visit(at, customer);
            }
        }
    }

    /// A moment within some minutes.
    fn later(&mut self, at: Instant, minutes: i64) -> Instant {
        let span = u64::try_from(minutes * MINUTE_MS).unwrap_or(1);
        at.plus_ms(1 + i64::try_from(self.chance.below(span)).unwrap_or_default())
    }

    fn visit(&mut self, begun: Instant, customer: u64) {
        let mut at = begun;
        let mut cart: Vec<Line> = Vec::new();
        loop {
            at = self.later(at, 3);
            match self.chance.below(10) {
                0 => {
                    let category = self.chance.below(CATEGORIES.len() as u64);
                    self.happen(at, customer, Deed::ListViewed { category });
                }
                1 => {
                    let words = self.chance.below(500);
                    self.happen(at, customer, Deed::Searched { words });
                }
                _ => {
                    let line = self.line();
                    self.happen(at, customer, Deed::Viewed(line));
                    if self.chance.is(0.18) {
                        at = self.later(at, 4);
                        self.happen(at, customer, Deed::Added(line));
                        cart.push(line);
                    }
                }
            }
            if self.chance.is(0.11) {
                break;
            }
        }
        if !cart.is_empty() {
            self.buy(at, customer, cart);
        }
    }

    fn line(&mut self) -> Line {
        let drawn = self.chance.unit();
        let product = self.chance.share_of(PRODUCTS, drawn * drawn);
        let cents = 495 + (product * 7_919) % 15_000;
        let quantity = 1 + u64::from(self.chance.is(0.15));
        Line { product, quantity, cents }
    }

    fn buy(&mut self, at: Instant, customer: u64, lines: Vec<Line>) {
        let mut at = self.later(at, 10);
        let mut cents: u64 = lines.iter().map(|line| line.cents * line.quantity).sum();
        self.happen(at, customer, Deed::CartViewed { lines: lines.len(), cents });
        if !self.chance.is(0.6) {
            return;
        }
        // Some come back for it after days.
        at = if self.chance.is(0.2) { self.later(at, 5 * 24 * 60) } else { self.later(at, 5) };
        self.happen(at, customer, Deed::CheckoutStarted { cents });
        let coupon = self.chance.is(0.2).then(|| self.chance.place(COUPONS.len()));
        if let Some(coupon) = coupon {
            at = self.later(at, 2);
            self.happen(at, customer, Deed::CouponEntered { coupon });
            cents -= cents / 10;
        }
        if !self.chance.is(0.65) {
            return;
        }
        at = self.later(at, 10);
        self.orders += 1;
        let reviewed = lines.first().map(|line| line.product).filter(|_| self.chance.is(0.15));
        let order = self.orders;
        self.happen(at, customer, Deed::Ordered { order, lines, cents, coupon });
        if let Some(product) = reviewed {
            let at = self.later(at, 14 * 24 * 60);
            let rating = 1 + self.chance.below(5);
            self.happen(at, customer, Deed::Reviewed { product, rating });
        }
    }
}

impl Iterator for Shop {
    type Item = Happening;

    #[expect(clippy::cast_possible_truncation, reason = "a gap is a few thousand milliseconds")]
    fn next(&mut self) -> Option<Happening> {
        loop {
            let is_due = self.waiting.peek().is_some_and(|Reverse(first)| first.ts < self.next);
            if is_due || self.next >= self.end {
                return self.waiting.pop().map(|Reverse(first)| first);
            }
            let at = self.next;
            self.begin(at);
            let gap_ms = 2.0 * self.gap_ms * self.chance.unit();
            // What is left of a millisecond is made up for by chance.
            let whole_ms = gap_ms.floor() as i64 + i64::from(self.chance.is(gap_ms.fract()));
            self.next = at.plus_ms(whole_ms);
        }
    }
}

pub(crate) fn category_of(product: u64) -> &'static str {
    let place = usize::try_from(product % CATEGORIES.len() as u64).unwrap_or_default();
    CATEGORIES.get(place).copied().unwrap_or_default()
}

pub(crate) fn coupon(number: usize) -> &'static str {
    COUPONS.get(number).copied().unwrap_or_default()
}
