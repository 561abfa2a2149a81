//! What events are called.

use segops_rules::{EventFilter, ItemTest, Named, Predicate, Subject, Test, Window};

use super::Words;
use super::test::{asked_of, name_of};

/// An event's name as a noun, one and many, and what a person does who causes one.
const KNOWN: [(&str, &str, &str, &str); 22] = [
    ("Order Completed", "order", "orders", "order"),
    ("Order Refunded", "refunded order", "refunded orders", "have an order refunded"),
    ("Order Cancelled", "cancelled order", "cancelled orders", "cancel an order"),
    ("Order Updated", "order update", "order updates", "have an order updated"),
    ("Product Viewed", "product view", "product views", "view a product"),
    ("Product List Viewed", "category view", "category views", "view a category"),
    ("Products Searched", "search", "searches", "search"),
    ("Product Added", "product added to the cart", "products added to the cart", "add to the cart"),
    (
        "Product Removed",
        "product taken out of the cart",
        "products taken out of the cart",
        "take something out of the cart",
    ),
    ("Cart Viewed", "cart view", "cart views", "view the cart"),
    ("Checkout Started", "started checkout", "started checkouts", "start a checkout"),
    ("Product Added to Wishlist", "product wished for", "products wished for", "add to a wish list"),
    ("Product Reviewed", "review", "reviews", "review a product"),
    ("Coupon Applied", "coupon used", "coupons used", "use a coupon"),
    ("Page Viewed", "page view", "page views", "view a page"),
    ("Screen Viewed", "screen view", "screen views", "view a screen"),
    ("Email Delivered", "email delivered", "emails delivered", "get an email"),
    ("Email Opened", "email opened", "emails opened", "open an email"),
    ("Email Link Clicked", "email clicked", "emails clicked", "click in an email"),
    ("Unsubscribed", "unsubscription", "unsubscriptions", "unsubscribe"),
    ("Signed Up", "sign-up", "sign-ups", "sign up"),
    ("Application Opened", "app visit", "app visits", "open the app"),
];

/// What is counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::sentence) struct Events {
    pub(in crate::sentence) one: String,
    pub(in crate::sentence) many: String,
    /// What they do who cause one: `order`.
    pub(in crate::sentence) act: String,
    /// What follows the noun: ` from Kiosk where total is at least 50`.
    pub(in crate::sentence) which: String,
}

impl Events {
    pub(in crate::sentence) fn of(filter: &EventFilter<Named>, words: &Words<'_>) -> Self {
        let mut which = String::new();
        if !filter.sources.is_empty() {
            which.push_str(&format!(" from {}", filter.sources.join(" or ")));
        }
        if let Some(predicate) = &filter.predicate {
            which.push_str(&format!(" where {}", predicate_text(predicate, words)));
        }
        let named = |one: &str, many: &str, act: &str, which: String| Self {
            one: one.to_owned(),
            many: many.to_owned(),
            act: act.to_owned(),
            which,
        };
        if filter.subject.is_orders() {
            if filter.subject == Subject::AllOrders {
                which.insert_str(0, " including test orders");
            }
            return named("order", "orders", "order", which);
        }
        let Some(name) = filter.name.as_deref() else {
            return named("event of any kind", "events of any kind", "do something", which);
        };
        match KNOWN.iter().find(|(event, ..)| *event == name) {
            Some((_, one, many, act)) => named(one, many, act, which),
            None => {
                let act = format!("do \"{name}\"");
                named(&format!("\"{name}\" event"), &format!("\"{name}\" events"), &act, which)
            }
        }
    }

    /// `an order`, `a product view where price is over 20`.
    pub(in crate::sentence) fn a_single(&self) -> String {
        let article = if self.one.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
        format!("{article} {}{}", self.one, self.which)
    }

    /// What keeps a condition from changing by itself, where one more event does: `they order again`. Only in
    /// a rolling window does a newer event stay longer than the one that leaves.
    pub(in crate::sentence) fn keeping(&self, window: &Window, is_met: bool) -> Option<String> {
        let Window::Last(_) = window else { return None };
        let again = if self.which.is_empty() {
            format!("they {} again", self.act)
        } else {
            format!("there is another such {}", self.one)
        };
        Some(if is_met { again } else { format!("{again} before") })
    }
}

/// A filter on properties, in words.
pub(in crate::sentence) fn predicate_text(predicate: &Predicate, words: &Words<'_>) -> String {
    let joined = |parts: &[Predicate], joint: &str| {
        let texts: Vec<String> = parts.iter().map(|part| inner_text(part, words)).collect();
        texts.join(joint)
    };
    match predicate {
        Predicate::All(parts) => joined(parts, " and "),
        Predicate::Any(parts) => joined(parts, " or "),
        Predicate::None(parts) => format!("not ({})", joined(parts, " or ")),
        Predicate::Not(part) => match &**part {
            Predicate::Item(item) => item_text(item, "no", words),
            part => format!("not ({})", predicate_text(part, words)),
        },
        Predicate::Property(leaf) => {
            format!("{} {}", name_of(&leaf.property), asked_of(&leaf.test, &leaf.property, words))
        }
        Predicate::Item(item) => item_text(item, "one", words),
    }
}

fn inner_text(predicate: &Predicate, words: &Words<'_>) -> String {
    let text = predicate_text(predicate, words);
    match predicate {
        Predicate::All(parts) | Predicate::Any(parts) if parts.len() > 1 => format!("({text})"),
        _ => text,
    }
}

/// `one of the products has price over 20`.
fn item_text(item: &ItemTest, how_many: &str, words: &Words<'_>) -> String {
    let list = name_of(&item.list);
    match &*item.predicate {
        Predicate::Property(leaf) if !matches!(leaf.test, Test::Exists | Test::NotExists) => {
            let property = name_of(&leaf.property);
            let asked = asked_of(&leaf.test, &leaf.property, words);
            format!("{how_many} of the {list} has a {property} that {asked}")
        }
        predicate => format!("{how_many} of the {list} has ({})", predicate_text(predicate, words)),
    }
}
