use segops_model::{DAY_MS, HOUR_MS, Instant, MINUTE_MS, SECOND_MS};

use crate::chance::{Chance, Role};
use crate::event::{Draft, OrderFact, Sender, USER_AGENTS};
use crate::person::{Person, Tempo, device_anonymous_id, tier};
use crate::shop::Shop;
use crate::truth::CustomerTruth;
use crate::visit::{Buyer, Intent, Login, Placed, Visit};

/// How far one customer has come. Small, because every customer who may yet do something has one in
/// memory; all else about them is made anew from the seed.
#[derive(Debug)]
pub(crate) struct Customer {
    index: u64,
    occasion: u64,
    orders: u32,
    /// One bit per device on which they have said who they are.
    logged_in: u8,
    researched: bool,
    unsubscribed: bool,
    first_seen: Instant,
    identified_at: Option<Instant>,
    /// When they stop buying, by what is planned now.
    alive_until: Instant,
    next_order: Instant,
    next_look: Instant,
    next_mail: Instant,
}

/// What one occasion in a customer's life brings: the events of the moment, in the order they happen, and
/// one that somebody else may send much later.
#[derive(Debug, Default)]
pub(crate) struct Deeds {
    pub(crate) now: Vec<Draft>,
    pub(crate) later: Option<Draft>,
}

/// Of those who come, this share never orders.
const NEVER_BUY: f64 = 0.22;
const KIOSK_ANONYMOUS_ID: &str = "kiosk-1";
const KIOSK_EMAIL: &str = "kiosk@shop.example";
/// A lost customer gets no more newsletters after this long.
const SUNSET_DAYS: f64 = 180.0;

impl Customer {
    /// Somebody who comes for the first time at `at`, or, where `is_known`, was a customer already when
    /// the simulated time began.
    pub(crate) fn new(shop: &Shop, index: u64, at: Instant, is_known: bool) -> Self {
        let mut customer = Self {
            index,
            occasion: 0,
            orders: 0,
            logged_in: 0,
            researched: false,
            unsubscribed: false,
            first_seen: at,
            identified_at: None,
            alive_until: at,
            next_order: Instant::MAX,
            next_look: at,
            next_mail: Instant::MAX,
        };
        let (person, tempo, mut chance) = customer.recall(shop);
        if is_known {
            // They are somewhere within a gap: the start of the simulation knows nothing of their orders.
            customer.plan_order(shop, &tempo, &mut chance, at, 0.3 + 0.7 * tempo_phase(&person));
        } else if !chance.happens(NEVER_BUY) {
            let days = chance.weibull(0.8, 9.0);
            customer.next_order = shop.season.after_demand(at.plus_ms(HOUR_MS), days);
            customer.alive_until = Instant::MAX;
        }
        customer
    }

    /// When they do the next thing; `Instant::MAX` when never again.
    pub(crate) fn next_at(&self) -> Instant {
        self.next_order.min(self.next_look).min(self.next_mail)
    }

    /// Does what is due, and plans what comes after.
    pub(crate) fn act(&mut self, shop: &Shop) -> Deeds {
        let now = self.next_at();
        self.occasion += 1;
        let (person, tempo, mut chance) = self.recall(shop);
        if now == self.next_order {
            self.order(shop, &person, &tempo, &mut chance, now)
        } else if now == self.next_look {
            let intent =
                if self.next_order < shop.season.after(now, 4.0) { Intent::Research } else { Intent::Look };
            let (drafts, _) = self.visit(shop, &person, &tempo, &mut chance, intent, now);
            let after = drafts.last().map_or(now, |draft| draft.timestamp);
            self.plan_look(shop, &tempo, &mut chance, after);
            Deeds { now: drafts, later: None }
        } else {
            Deeds { now: self.read_mail(shop, &person, &mut chance, now), later: None }
        }
    }

    pub(crate) fn truth(&self, shop: &Shop, until: Instant) -> CustomerTruth {
        let person = Person::new(shop.config.seed, self.index);
        let tempo = person.tempo(shop.config.seed, shop.catalogue.category_count());
        let scale = tempo.gap_scale_days * self.slowed(&tempo);
        CustomerTruth {
            customer: self.index,
            user_id: person.user_id,
            email: person.email,
            habit: person.habit,
            first_seen: self.first_seen,
            orders: self.orders,
            orders_per_day: 1.0 / (scale * libm::tgamma(1.0 + 1.0 / tempo.gap_shape)),
            alive_until: (self.alive_until < until).then_some(self.alive_until),
        }
    }

    fn recall(&self, shop: &Shop) -> (Person, Tempo, Chance) {
        let seed = shop.config.seed;
        let person = Person::new(seed, self.index);
        let tempo = person.tempo(seed, shop.catalogue.category_count());
        // The start is mixed in: with one seed, another start is another stretch of the same lives.
        let era = shop.config.start.as_ms().unsigned_abs() / 1_000;
        (person, tempo, Chance::on_occasion(seed ^ (era << 20), Role::Life, self.index, self.occasion))
    }

    fn order(
        &mut self,
        shop: &Shop,
        person: &Person,
        tempo: &Tempo,
        chance: &mut Chance,
        now: Instant,
    ) -> Deeds {
        let (drafts, placed) = self.visit(shop, person, tempo, chance, Intent::Buy, now);
        self.orders += 1;
        self.researched = false;
        let later = placed.and_then(|placed| {
            let prefix = shop.message_prefix('s', self.index, self.occasion);
            change_of_heart(shop, person, chance, &placed, prefix)
        });
        let after = drafts.last().map_or(now, |draft| draft.timestamp).plus_ms(HOUR_MS);
        self.plan_order(shop, tempo, chance, after, 1.0);
        self.plan_look(shop, tempo, chance, after);
        Deeds { now: drafts, later }
    }

    fn slowed(&self, tempo: &Tempo) -> f64 {
        libm::pow(tempo.slowing, f64::from(self.orders.min(60)))
    }

    /// Plans the next order after one at `last`, or the loss of the customer, whichever comes first.
    fn plan_order(
        &mut self,
        shop: &Shop,
        tempo: &Tempo,
        chance: &mut Chance,
        last: Instant,
        share_left: f64,
    ) {
        let gap = chance.weibull(tempo.gap_shape, tempo.gap_scale_days * self.slowed(tempo)) * share_left;
        let due = shop.season.after_demand(last, gap);
        let due = shop.season.at_shopping_hour(due, last.plus_ms(HOUR_MS), chance);
        let lost = shop.season.after(last, chance.weibull(1.6, tempo.patience_days));
        let comes_back = chance.happens(0.12);
        let back = shop.season.after(lost, chance.lognormal(140.0, 0.6));
        if due <= lost {
            (self.next_order, self.alive_until) = (due, Instant::MAX);
        } else {
            self.alive_until = lost;
            self.next_order = if comes_back { back } else { Instant::MAX };
        }
    }

    fn plan_look(&mut self, shop: &Shop, tempo: &Tempo, chance: &mut Chance, now: Instant) {
        let gap = chance.exponential(tempo.browse_gap_days);
        let research_days_before = chance.exponential(1.2);
        let lost_days = shop.season.days_between(self.alive_until, now);
        // Interest wanes after the loss: the gaps double every month, until there are no more visits.
        let gap = if lost_days > 0.0 { gap * libm::exp2(lost_days / 30.0) } else { gap };
        self.next_look = if lost_days > 150.0 && self.next_order == Instant::MAX {
            Instant::MAX
        } else {
            let at = shop.season.after(now, gap);
            shop.season.at_shopping_hour(at, now.plus_ms(MINUTE_MS), chance)
        };
        if self.next_order < Instant::MAX && !self.researched {
            let before = shop.season.after(now, research_days_before).ms_since(now);
            let research = self.next_order.plus_ms(-before);
            if research > now {
                self.next_look = self.next_look.min(research);
                self.researched = true;
            }
        }
    }

    fn visit(
        &mut self,
        shop: &Shop,
        person: &Person,
        tempo: &Tempo,
        chance: &mut Chance,
        intent: Intent,
        now: Instant,
    ) -> (Vec<Draft>, Option<Placed>) {
        let config = &shop.config;
        let device = if chance.happens(0.7) { 0 } else { chance.between(0, person.devices - 1) };
        let at_kiosk = chance.happens(config.shared_share);
        let cleared = u32::try_from(self.occasion / 40).unwrap_or(0) & 0xff;
        let knows_device = !at_kiosk && self.logged_in & (1 << device) != 0;
        let login = match (intent, knows_device) {
            (_, true) => Login::Never,
            (Intent::Buy, false) => Login::AtCheckout,
            (_, false) if at_kiosk => Login::Never,
            (_, false) => {
                let willing = if self.identified_at.is_some() { 0.4 } else { 0.1 };
                if chance.happens(willing) { Login::OnEntry } else { Login::Never }
            }
        };
        let anonymous_id = if at_kiosk {
            KIOSK_ANONYMOUS_ID.to_owned()
        } else {
            device_anonymous_id(config.seed, self.index, device, cleared)
        };
        let sender = Sender {
            anonymous_id: Some(anonymous_id),
            user_id: person.user_id.clone().filter(|_| knows_device),
            email: at_kiosk.then(|| KIOSK_EMAIL.to_owned()),
            user_agent: USER_AGENTS[(device as usize + usize::try_from(self.index & 3).unwrap_or(0)) % 4],
            locale: person.place().locale,
            message_prefix: shop.message_prefix('c', self.index, self.occasion),
            messages_sent: 0,
        };
        let buyer = Buyer {
            person,
            tempo,
            created_at: self.identified_at.unwrap_or(now),
            orders: self.orders,
            login,
        };
        let mut visit = Visit { shop, chance, sender, now, drafts: Vec::new() };
        let placed = visit.walk(intent, Some(&buyer));
        if placed.is_some() && tier(self.orders + 1) != tier(self.orders) {
            visit.identify(&Buyer { orders: self.orders + 1, ..buyer });
        }
        let drafts = visit.drafts;
        if login != Login::Never {
            self.become_known(shop, tempo, chance, now);
            if !at_kiosk {
                self.logged_in |= 1 << device;
            }
        }
        (drafts, placed)
    }

    fn become_known(&mut self, shop: &Shop, tempo: &Tempo, chance: &mut Chance, now: Instant) {
        if self.identified_at.is_none() {
            self.identified_at = Some(now);
            if tempo.takes_mail {
                self.next_mail = shop.season.after(now, 1.0 + 6.0 * chance.unit());
            }
        }
    }

    /// One newsletter. Mail systems know nobody but the address.
    fn read_mail(&mut self, shop: &Shop, person: &Person, chance: &mut Chance, now: Instant) -> Vec<Draft> {
        let lost_days = shop.season.days_between(self.alive_until, now);
        let mut sender = Sender {
            email: Some(person.email.clone()),
            message_prefix: shop.message_prefix('m', self.index, self.occasion),
            ..Sender::default()
        };
        let (year, week) = shop.season.week(now);
        let campaign = format!("news-{year}-{week:02}");
        let mut send = |at: Instant, name: &'static str, link: Option<&str>| {
            sender.track(at, name, |mail| {
                mail.text("email_id", &campaign);
                mail.text("campaign_id", &campaign);
                mail.plain("campaign_name", format_args!("Newsletter {year} week {week}"));
                mail.text("email_subject", "New this week");
                if let Some(link) = link {
                    mail.text("link_url", link);
                }
            })
        };
        let mut drafts = vec![send(now, "Email Delivered", None)];
        let opens = if lost_days > 0.0 { 0.09 } else { 0.36 };
        if chance.happens(opens) {
            let opened = shop.season.after(now, chance.exponential(0.3)).plus_ms(5 * SECOND_MS);
            drafts.push(send(opened, "Email Opened", None));
            if chance.happens(0.18) {
                let clicked = opened.plus_ms(i64::from(chance.between(2, 90)) * SECOND_MS);
                drafts.push(send(clicked, "Email Link Clicked", Some("https://shop.example/new")));
                self.next_look = self.next_look.min(clicked.plus_ms(2 * SECOND_MS));
            } else if chance.happens(0.015) {
                drafts.push(send(opened.plus_ms(20 * SECOND_MS), "Unsubscribed", None));
                self.unsubscribed = true;
            }
        }
        let next = shop.season.after(now, 7.0);
        self.next_mail = if self.unsubscribed || lost_days > SUNSET_DAYS { Instant::MAX } else { next };
        drafts
    }
}

/// A number in [0, 1) that is the person's own, for where in a gap the simulation finds them.
fn tempo_phase(person: &Person) -> f64 {
    f64::from(u32::try_from(person.index.wrapping_mul(2_654_435_761) & 0xffff).unwrap_or(0)) / 65_536.0
}

/// Some orders are cancelled within hours, some are sent back, in whole or in part. The shop's own system
/// says so: with no device, and often much later.
fn change_of_heart(
    shop: &Shop,
    person: &Person,
    chance: &mut Chance,
    placed: &Placed,
    message_prefix: String,
) -> Option<Draft> {
    let cancels = chance.happens(0.02);
    let refunds = chance.happens(0.07);
    if !cancels && !refunds {
        return None;
    }
    let mut sender = Sender {
        user_id: person.user_id.clone(),
        email: person.user_id.is_none().then(|| person.email.clone()),
        message_prefix,
        ..Sender::default()
    };
    let ms = if cancels { chance.between(10, 600) } else { chance.between(2_880, 36_000) };
    let at = shop.season.after(placed.at, f64::from(ms) * MINUTE_MS as f64 / DAY_MS as f64);
    let is_partial = !cancels && placed.lines.len() > 1 && chance.happens(0.5);
    let lines = if is_partial { placed.lines.get(..1).unwrap_or_default() } else { &placed.lines };
    let total_cents = if is_partial {
        shop.catalogue.value_cents(lines).min(placed.total_cents)
    } else {
        placed.total_cents
    };
    let name = if cancels { "Order Cancelled" } else { "Order Refunded" };
    let mut draft = sender.track(at, name, |change| {
        change.text("order_id", &placed.order_id);
        change.money("total", total_cents);
        change.text("currency", &shop.config.currency);
        shop.catalogue.write_lines(lines, change);
    });
    draft.order = Some(if cancels {
        OrderFact::Cancelled { total_cents }
    } else {
        OrderFact::Refunded { total_cents }
    });
    Some(draft)
}
