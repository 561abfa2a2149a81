use segops_model::{Instant, MINUTE_MS};

use crate::chance::{Chance, Role};
use crate::event::{BOT_USER_AGENT, Draft, Sender, USER_AGENTS};
use crate::person::device_anonymous_id;
use crate::shop::Shop;
use crate::visit::{Intent, Visit};

/// Keeps the anonymous ids of strangers and bots apart from those of customers' devices.
const STRANGERS_FROM: u64 = 1 << 40;
const BOTS_FROM: u64 = 1 << 41;
const LOCALES: [&str; 4] = ["en-US", "de-DE", "fr-FR", "en-GB"];
const VISITS_MAX: u64 = 3;
/// Page views that a bot makes before it pauses.
const BOT_BURST: u32 = 250;

/// One visit of somebody who never says who they are, and when they come again, if they do.
pub(crate) fn stranger_visit(
    shop: &Shop,
    index: u64,
    visit: u64,
    now: Instant,
) -> (Vec<Draft>, Option<Instant>) {
    let seed = shop.config.seed;
    let era = shop.config.start.as_ms().unsigned_abs() / 1_000;
    let mut chance = Chance::on_occasion(seed ^ (era << 20), Role::Stranger, index, visit);
    let is_unset = chance.happens(shop.config.shared_share * 2.0);
    let comes_again = visit + 1 < VISITS_MAX && chance.happens(0.3);
    let days = chance.exponential(3.0);
    // Another start meets other strangers: nobody recognises them from last time.
    let device = STRANGERS_FROM | ((index ^ (era << 8)) & (STRANGERS_FROM - 1));
    let sender = Sender {
        anonymous_id: Some(device_anonymous_id(seed, device, 0, 0)),
        // What a page sends whose script puts its own missing value into the call.
        user_id: is_unset.then(|| "null".to_owned()),
        user_agent: USER_AGENTS[chance.below(USER_AGENTS.len())],
        locale: LOCALES[chance.below(LOCALES.len())],
        message_prefix: shop.message_prefix('a', index, visit),
        ..Sender::default()
    };
    let mut visit = Visit { shop, chance: &mut chance, sender, now, drafts: Vec::new() };
    visit.walk(Intent::Look, None);
    let last = visit.drafts.last().map_or(now, |draft| draft.timestamp);
    let drafts = visit.drafts;
    let next = comes_again.then(|| {
        let at = shop.season.after(last, days);
        shop.season.at_shopping_hour(at, last.plus_ms(MINUTE_MS), &mut chance)
    });
    (drafts, next)
}

/// A bot's next burst of page views, from the `sent`th on, and when the one after begins.
pub(crate) fn bot_burst(
    shop: &Shop,
    index: u64,
    sent: u32,
    now: Instant,
) -> (Vec<Draft>, Option<(u32, Instant)>) {
    let seed = shop.config.seed;
    let mut chance = Chance::on_occasion(seed, Role::Bot, index, u64::from(sent));
    let count = (shop.config.bot_page_views - sent).min(BOT_BURST);
    let mut sender = Sender {
        anonymous_id: Some(device_anonymous_id(seed, BOTS_FROM | index, 0, 0)),
        user_agent: BOT_USER_AGENT,
        message_prefix: shop.message_prefix('b', index, u64::from(sent)),
        ..Sender::default()
    };
    let mut at = now;
    let products = shop.config.products as usize;
    let drafts = (0..count)
        .map(|_| {
            at = at.plus_ms(i64::from(chance.between(200, 2_000)));
            let product = shop.catalogue.product(chance.below(products));
            sender.page(at, &product.name, &format!("/p/{}", product.product_id))
        })
        .collect();
    let sent = sent + count;
    let pause = i64::from(chance.between(3, 40)) * MINUTE_MS;
    (drafts, (sent < shop.config.bot_page_views).then(|| (sent, at.plus_ms(pause))))
}
