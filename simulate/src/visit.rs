use segops_model::{Instant, SECOND_MS};

use crate::catalogue::Line;
use crate::chance::Chance;
use crate::event::{Draft, OrderFact, Sender};
use crate::json::ObjectWriter;
use crate::person::{Person, Tempo};
use crate::shop::Shop;

/// What a visitor came for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Intent {
    /// Nothing in particular.
    Look,
    /// Makes up their mind: an order will follow.
    Research,
    /// Ends in an order.
    Buy,
}

/// When, if at all, the visitor says who they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Login {
    Never,
    OnEntry,
    AtCheckout,
}

/// An order as it was placed.
#[derive(Debug)]
pub(crate) struct Placed {
    pub(crate) order_id: String,
    pub(crate) at: Instant,
    pub(crate) lines: Vec<Line>,
    pub(crate) total_cents: u64,
}

/// One visit in the making: what the shop's tracking sends while somebody looks around.
pub(crate) struct Visit<'a> {
    pub(crate) shop: &'a Shop,
    pub(crate) chance: &'a mut Chance,
    pub(crate) sender: Sender,
    pub(crate) now: Instant,
    pub(crate) drafts: Vec<Draft>,
}

/// The buyer's side of a visit, where the visitor is a customer.
pub(crate) struct Buyer<'a> {
    pub(crate) person: &'a Person,
    pub(crate) tempo: &'a Tempo,
    pub(crate) created_at: Instant,
    pub(crate) orders: u32,
    pub(crate) login: Login,
}

const FREE_SHIPPING_FROM_CENTS: u64 = 5_000;
const SHIPPING_CENTS: u64 = 495;
const CART_LINES_MAX: usize = 12;

impl Visit<'_> {
    /// Goes through the shop; an order comes out exactly when the intent is to buy and there is a buyer.
    pub(crate) fn walk(&mut self, intent: Intent, buyer: Option<&Buyer<'_>>) -> Option<Placed> {
        self.page("Home", "/");
        if let Some(buyer) = buyer
            && buyer.login == Login::OnEntry
        {
            self.identify(buyer);
        }
        let favourite = buyer.map_or_else(|| self.chance.below(64), |buyer| buyer.tempo.favourite);
        let mut cart = Vec::new();
        for _ in 0..self.shelves(intent) {
            let category = if self.chance.happens(0.6) { favourite } else { self.chance.below(64) };
            self.look_at_shelf(category, intent, &mut cart);
        }
        self.reconsider(&mut cart);
        if intent == Intent::Buy {
            return buyer.map(|buyer| self.buy(buyer, cart));
        }
        let checks_out = if intent == Intent::Research { 0.3 } else { 0.15 };
        if !cart.is_empty() && self.chance.happens(0.5) {
            self.view_cart(&cart);
            if self.chance.happens(checks_out) {
                self.start_checkout(&cart);
            }
        }
        None
    }

    fn shelves(&mut self, intent: Intent) -> u32 {
        match intent {
            Intent::Look => self.chance.between(0, 2),
            Intent::Research => self.chance.between(1, 3),
            Intent::Buy => self.chance.between(1, 2),
        }
    }

    fn look_at_shelf(&mut self, category: usize, intent: Intent, cart: &mut Vec<Line>) {
        let shop = self.shop;
        let size = 3 + self.chance.below(4);
        let shelf = shop.catalogue.shelf(category, size, self.chance);
        let Some(first) = shelf.first().map(|at| shop.catalogue.product(*at)) else { return };
        if self.chance.happens(0.25) {
            let query = format!("{} {}", first.color, first.category.to_lowercase());
            self.track("Products Searched", |search| search.text("query", &query));
        }
        let path = format!("/c/{}", first.category.to_lowercase());
        self.page(first.category, &path);
        self.track("Product List Viewed", |list| {
            list.plain("list_id", first.category.to_lowercase());
            list.text("category", first.category);
            list.objects("products", shelf.iter().enumerate(), |item, (at, product)| {
                shop.catalogue.product(*product).write(item);
                item.number("position", at + 1);
            });
        });
        let adds = [0.08, 0.22, 0.3][intent as usize];
        let views = self.chance.between(1, 3) as usize;
        for product in shelf.into_iter().take(views) {
            self.view_product(product);
            if self.chance.happens(adds) && cart.len() < CART_LINES_MAX {
                self.add_to_cart(product, cart);
            }
        }
    }

    fn view_product(&mut self, at: usize) {
        let product = self.shop.catalogue.product(at);
        self.page(&product.name, &format!("/p/{}", product.product_id));
        let currency = &self.shop.config.currency;
        self.track("Product Viewed", |viewed| {
            product.write(viewed);
            viewed.text("currency", currency);
        });
    }

    fn add_to_cart(&mut self, product: usize, cart: &mut Vec<Line>) {
        if cart.iter().any(|line| line.product == product) {
            return;
        }
        let quantity = if self.chance.happens(0.12) { self.chance.between(2, 4) } else { 1 };
        self.change_cart("Product Added", Line { product, quantity });
        cart.push(Line { product, quantity });
    }

    fn change_cart(&mut self, name: &'static str, line: Line) {
        let product = self.shop.catalogue.product(line.product);
        let cart_id = format!("K{}", self.sender.message_prefix);
        self.track(name, |changed| {
            changed.text("cart_id", &cart_id);
            product.write(changed);
            changed.number("quantity", line.quantity);
        });
    }

    fn reconsider(&mut self, cart: &mut Vec<Line>) {
        if !cart.is_empty() && self.chance.happens(0.15) {
            let line = cart.swap_remove(self.chance.below(cart.len()));
            self.change_cart("Product Removed", line);
        }
    }

    fn view_cart(&mut self, cart: &[Line]) {
        self.page("Cart", "/cart");
        let cart_id = format!("K{}", self.sender.message_prefix);
        let catalogue = &self.shop.catalogue;
        self.track("Cart Viewed", |viewed| {
            viewed.text("cart_id", &cart_id);
            catalogue.write_lines(cart, viewed);
        });
    }

    fn start_checkout(&mut self, cart: &[Line]) {
        let shop = self.shop;
        let order_id = self.order_id();
        self.page("Checkout", "/checkout");
        self.track("Checkout Started", |started| {
            started.text("order_id", &order_id);
            started.money("value", shop.catalogue.value_cents(cart));
            started.text("currency", &shop.config.currency);
            shop.catalogue.write_lines(cart, started);
        });
    }

    fn buy(&mut self, buyer: &Buyer<'_>, mut cart: Vec<Line>) -> Placed {
        let mean_more = (buyer.tempo.basket_lines - 1.0).max(0.1);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a small positive count")]
        let wanted = 1 + (self.chance.exponential(mean_more) as usize).min(CART_LINES_MAX - 1);
        let mut attempts = 0;
        while cart.len() < wanted && attempts < 40 {
            attempts += 1;
            let shelf = self.shop.catalogue.shelf(buyer.tempo.favourite + attempts / 4, 1, self.chance);
            if let Some(product) = shelf.first().filter(|at| cart.iter().all(|line| line.product != **at)) {
                self.view_product(*product);
                self.add_to_cart(*product, &mut cart);
            }
        }
        self.view_cart(&cart);
        if buyer.login == Login::AtCheckout {
            self.identify(buyer);
        }
        self.start_checkout(&cart);
        self.pass(20, 240);
        let placed = self.place_order(buyer, cart);
        self.page("Thank you", "/thank-you");
        placed
    }

    fn place_order(&mut self, buyer: &Buyer<'_>, lines: Vec<Line>) -> Placed {
        let shop = self.shop;
        let value = shop.catalogue.value_cents(&lines);
        let coupon = if buyer.orders == 0 && self.chance.happens(0.35) {
            Some(("WELCOME10", 10))
        } else if buyer.tempo.likes_coupons && self.chance.happens(0.5) {
            Some(*self.chance.pick(&[("SAVE15", 15), ("LOYAL5", 5), ("FLASH20", 20)]))
        } else {
            None
        };
        let discount = coupon.map_or(0, |(_, percent)| value * percent / 100);
        let subtotal = value - discount;
        let shipping = if subtotal >= FREE_SHIPPING_FROM_CENTS { 0 } else { SHIPPING_CENTS };
        let tax = (subtotal * buyer.person.place().tax_thousandths + 500) / 1_000;
        let total_cents = subtotal + shipping + tax;
        let order_id = self.order_id();
        let payment = *self.chance.pick(&["card", "paypal", "invoice", "wallet"]);
        self.track("Order Completed", |order| {
            order.text("order_id", &order_id);
            order.money("subtotal", subtotal);
            order.money("revenue", subtotal);
            order.money("shipping", shipping);
            order.money("tax", tax);
            order.money("discount", discount);
            order.money("total", total_cents);
            if let Some((code, _)) = coupon {
                order.text("coupon", code);
            }
            order.text("currency", &shop.config.currency);
            order.text("payment_method", payment);
            order.text("country", buyer.person.place().country);
            shop.catalogue.write_lines(&lines, order);
        });
        if let Some(draft) = self.drafts.last_mut() {
            draft.order = Some(OrderFact::Completed { total_cents });
        }
        Placed { order_id, at: self.now, lines, total_cents }
    }

    /// One per visit: a visit has at most one order, and its checkout names it already.
    fn order_id(&self) -> String {
        format!("R{}", self.sender.message_prefix.trim_start_matches("sim-"))
    }

    pub(crate) fn identify(&mut self, buyer: &Buyer<'_>) {
        self.pass(2, 20);
        self.sender.user_id.clone_from(&buyer.person.user_id);
        if buyer.person.user_id.is_none() {
            self.sender.email = Some(buyer.person.email.clone());
        }
        let draft = self.sender.identify(self.now, |traits| {
            buyer.person.write_traits(buyer.created_at, buyer.orders, traits);
        });
        self.drafts.push(draft);
    }

    fn page(&mut self, title: &str, path: &str) {
        self.pass(3, 90);
        let draft = self.sender.page(self.now, title, path);
        self.drafts.push(draft);
    }

    fn track(&mut self, name: &'static str, properties: impl FnOnce(&mut ObjectWriter<'_>)) {
        self.pass(1, 8);
        let draft = self.sender.track(self.now, name, properties);
        self.drafts.push(draft);
    }

    fn pass(&mut self, least_seconds: u32, most_seconds: u32) {
        let seconds = i64::from(self.chance.between(least_seconds, most_seconds));
        let ms = i64::from(self.chance.between(0, 999));
        self.now = self.now.plus_ms(seconds * SECOND_MS + ms);
    }
}
