//! A shop's events as clients send them.

use std::fmt::Write as _;

use segops_model::Instant;

use crate::shop::{Deed, Happening, Line, category_of, coupon};

const COUNTRIES: [&str; 6] = ["DE", "FR", "US", "GB", "IT", "PL"];
const BROWSERS: [&str; 8] = [
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 Safari/605.1.15",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:125.0) Gecko/20100101 Firefox/125.0",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Mobile Safari/537.36",
    "Mozilla/5.0 (Linux; Android 13; SM-A536B) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/123.0.0.0 Mobile Safari/537.36",
    "Mozilla/5.0 (iPad; CPU OS 16_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/16.6 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/122.0.0.0 Safari/537.36",
];

pub(crate) fn user_id(customer: u64) -> String {
    format!("customer-{customer}")
}

pub(crate) const fn name_of(deed: &Deed) -> &'static str {
    match deed {
        Deed::Identified => "",
        Deed::Viewed(_) => "Product Viewed",
        Deed::ListViewed { .. } => "Product List Viewed",
        Deed::Searched { .. } => "Products Searched",
        Deed::Added(_) => "Product Added",
        Deed::CartViewed { .. } => "Cart Viewed",
        Deed::CheckoutStarted { .. } => "Checkout Started",
        Deed::CouponEntered { .. } => "Coupon Entered",
        Deed::Ordered { .. } => "Order Completed",
        Deed::Reviewed { .. } => "Product Reviewed",
        Deed::EmailDelivered { .. } => "Email Delivered",
        Deed::EmailOpened { .. } => "Email Opened",
        Deed::EmailClicked { .. } => "Email Link Clicked",
    }
}

/// The event as the JSON of a tracking call.
pub(crate) fn json(happening: &Happening) -> String {
    let Happening { ts, customer, deed, id, .. } = happening;
    let mut text = String::with_capacity(640);
    let call = if matches!(deed, Deed::Identified) { "identify" } else { "track" };
    put(
        &mut text,
        format_args!(
            r#"{{"type":"{call}","messageId":"{}","userId":"{}","timestamp":"{ts}""#,
            uuid(*id),
            user_id(*customer)
        ),
    );
    if matches!(deed, Deed::Identified) {
        let country = pick(&COUNTRIES, *customer);
        put(
            &mut text,
            format_args!(r#","traits":{{"email":"customer-{customer}@example.com","country":"{country}"}}"#),
        );
    } else {
        put(&mut text, format_args!(r#","event":"{}","properties":{{"#, name_of(deed)));
        properties(&mut text, deed);
        text.push('}');
    }
    let is_email =
        matches!(deed, Deed::EmailDelivered { .. } | Deed::EmailOpened { .. } | Deed::EmailClicked { .. });
    if is_email {
        text.push_str(r#","context":{"library":{"name":"mailer","version":"3.2.1"}}}"#);
    } else {
        let browser = pick(&BROWSERS, *customer);
        put(
            &mut text,
            format_args!(
                r#","context":{{"library":{{"name":"analytics.js","version":"2.1.0"}},"locale":"en-US","userAgent":"{browser}","ip":"10.{}.{}.{}"}}}}"#,
                customer >> 16 & 255,
                customer >> 8 & 255,
                customer & 255
            ),
        );
    }
    text
}

fn properties(text: &mut String, deed: &Deed) {
    match deed {
        Deed::Identified => {}
        Deed::Viewed(line) | Deed::Added(line) => line_members(text, *line),
        Deed::ListViewed { category } => {
            put(text, format_args!(r#""list_id":"list-{category}","category":"{}""#, category_of(*category)));
        }
        Deed::Searched { words } => put(text, format_args!(r#""query":"search words {words}""#)),
        Deed::CartViewed { lines, cents } => {
            put(text, format_args!(r#""items":{lines},"value":{},"currency":"EUR""#, money(*cents)));
        }
        Deed::CheckoutStarted { cents } => {
            put(text, format_args!(r#""value":{},"currency":"EUR""#, money(*cents)));
        }
        Deed::CouponEntered { coupon: number } => {
            put(text, format_args!(r#""coupon":"{}""#, coupon(*number)));
        }
        Deed::Ordered { order, lines, cents, coupon: used } => {
            put(
                text,
                format_args!(r#""order_id":"order-{order}","total":{},"currency":"EUR""#, money(*cents)),
            );
            if let Some(number) = used {
                put(text, format_args!(r#","coupon":"{}""#, coupon(*number)));
            }
            text.push_str(r#","products":["#);
            for (at, line) in lines.iter().enumerate() {
                text.push_str(if at == 0 { "{" } else { ",{" });
                line_members(text, *line);
                text.push('}');
            }
            text.push(']');
        }
        Deed::Reviewed { product, rating } => {
            put(text, format_args!(r#""product_id":"p-{product}","rating":{rating}"#));
        }
        Deed::EmailDelivered { campaign }
        | Deed::EmailOpened { campaign }
        | Deed::EmailClicked { campaign } => {
            put(
                text,
                format_args!(
                    r#""campaign_id":"campaign-{campaign}","campaign_name":"Newsletter {campaign}""#
                ),
            );
        }
    }
}

fn line_members(text: &mut String, line: Line) {
    let Line { product, quantity, cents } = line;
    put(
        text,
        format_args!(
            r#""product_id":"p-{product}","name":"Product {product}","category":"{}","price":{},"quantity":{quantity}"#,
            category_of(product),
            money(cents)
        ),
    );
}

fn put(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    // Writing to a string does not fail.
    let _written = text.write_fmt(arguments);
}

fn pick(among: &[&'static str], number: u64) -> &'static str {
    let place = usize::try_from(number % among.len() as u64).unwrap_or_default();
    among.get(place).copied().unwrap_or_default()
}

fn money(cents: u64) -> String {
    format!("{}.{:02}", cents / 100, cents % 100)
}

fn uuid((high, low): (u64, u64)) -> String {
    format!(
        "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
        high >> 32,
        high >> 16 & 0xffff,
        high & 0xfff,
        low >> 48 & 0x3fff | 0x8000,
        low & 0xffff_ffff_ffff
    )
}

/// An alias call by which two customers turn out to be one.
pub(crate) fn alias(of: u64, into: u64, ts: Instant) -> String {
    format!(
        r#"{{"type":"alias","messageId":"alias-{of}-{into}","previousId":"{}","userId":"{}","timestamp":"{ts}"}}"#,
        user_id(of),
        user_id(into)
    )
}
