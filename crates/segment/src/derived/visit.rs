//! What derived events are told of one event: where on the site it was, and where the visitor came from.

use std::str::FromStr;

use compact_str::CompactString;
use serde::{Deserialize, Serialize};

use segops_model::{Decimal, Event, Object, Path, Value};
use segops_rules::{DerivedDefinition, Resolved};

use crate::ORDER_EVENT;
use crate::orders::value_of;

/// Bytes of a page, a referrer or a part of a campaign; what is longer is cut there.
const TEXT_BYTES_MAX: usize = 512;
/// The event of a page call.
const PAGE_EVENT: &str = "Page Viewed";

/// Sites that find others, and sites where people meet, by a label of their names.
const SEARCH: &[&str] =
    &["google", "bing", "duckduckgo", "yahoo", "ecosia", "baidu", "yandex", "qwant", "startpage", "naver"];
const SOCIAL: &[&str] = &[
    "facebook",
    "instagram",
    "tiktok",
    "pinterest",
    "linkedin",
    "youtube",
    "reddit",
    "twitter",
    "snapchat",
    "threads",
];
/// The same, whose names have no label that says so.
const SOCIAL_HOSTS: &[&str] = &["t.co", "x.com", "youtu.be", "lnkd.in", "fb.me"];

/// One event, as a session or a touch tells of it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(crate) struct Visit {
    /// Its name; left out where nothing tells it.
    pub(crate) event: CompactString,
    pub(crate) is_page: bool,
    pub(crate) page: Option<CompactString>,
    /// Another site, if it says that the visitor came from one.
    pub(crate) referrer: Option<CompactString>,
    pub(crate) campaign: Option<Box<Campaign>>,
    /// Of an order what it is worth; 0 where it does not say.
    pub(crate) order: Option<Decimal>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Campaign {
    source: Option<CompactString>,
    medium: Option<CompactString>,
    name: Option<CompactString>,
    term: Option<CompactString>,
    content: Option<CompactString>,
}

/// Where in an event to look.
#[derive(Debug, Clone)]
pub(crate) struct VisitReader {
    keeps_name: bool,
    reads_orders: bool,
    page: Vec<Path>,
    referrer: Vec<Path>,
    own: Vec<Path>,
    campaign: Vec<Path>,
}

impl VisitReader {
    pub(super) fn new(definition: &DerivedDefinition<Resolved>) -> Self {
        let is_touch = matches!(definition, DerivedDefinition::Touch(_));
        Self {
            keeps_name: is_touch,
            reads_orders: !is_touch,
            page: paths(&["path", "context.page.path", "url", "context.page.url"]),
            referrer: paths(&["referrer", "context.page.referrer"]),
            own: paths(&["context.page.url", "url"]),
            campaign: paths(&[
                "context.campaign.source",
                "context.campaign.medium",
                "context.campaign.name",
                "context.campaign.term",
                "context.campaign.content",
            ]),
        }
    }

    pub(super) fn read(&self, event: &Event) -> Visit {
        let is_order = self.reads_orders && event.name == ORDER_EVENT;
        let host = first_text(event, &self.own).map(|url| host_of(&url));
        let referrer = first_text(event, &self.referrer);
        let is_external =
            |from: &CompactString| !host_of(from).is_empty() && host.as_ref() != Some(&host_of(from));
        Visit {
            event: if self.keeps_name { event.name.clone() } else { CompactString::default() },
            is_page: event.name == PAGE_EVENT,
            page: first_text(event, &self.page),
            referrer: referrer.filter(is_external),
            campaign: self.campaign(event),
            order: is_order.then(|| value_of(&event.properties).unwrap_or(Decimal::ZERO)),
        }
    }

    fn campaign(&self, event: &Event) -> Option<Box<Campaign>> {
        let mut parts = self.campaign.iter().map(|path| first_text(event, std::slice::from_ref(path)));
        let mut next = || parts.next().flatten();
        let campaign =
            Campaign { source: next(), medium: next(), name: next(), term: next(), content: next() };
        (campaign != Campaign::default()).then(|| Box::new(campaign))
    }
}

impl Campaign {
    /// As properties have it.
    pub(super) fn object(&self) -> Object {
        let parts = [
            ("source", &self.source),
            ("medium", &self.medium),
            ("name", &self.name),
            ("term", &self.term),
            ("content", &self.content),
        ];
        let said = parts.into_iter().filter_map(|(name, text)| Some((name, Value::Text(text.clone()?))));
        said.collect()
    }
}

/// What brought someone, by a campaign and a referrer: the campaign's medium, `campaign` where it names none,
/// `organic` from a search, `social`, `referral` from elsewhere, and `direct` where nothing says more.
pub(super) fn channel(campaign: Option<&Campaign>, referrer: Option<&str>) -> Value {
    let medium = campaign.map(|campaign| campaign.medium.as_deref().unwrap_or("campaign"));
    if let Some(medium) = medium {
        return Value::Text(medium.to_lowercase().into());
    }
    let Some(host) = referrer.map(host_of) else { return Value::text("direct") };
    let has_label = |known: &[&str]| host.split('.').any(|label| known.contains(&label));
    Value::text(if has_label(SEARCH) {
        "organic"
    } else if has_label(SOCIAL) || SOCIAL_HOSTS.contains(&host.as_str()) {
        "social"
    } else {
        "referral"
    })
}

/// The name of the site in a link, without `www.`; empty in what is none.
fn host_of(url: &str) -> String {
    let Some((_, rest)) = url.split_once("://") else { return String::new() };
    let host = rest.split(['/', '?', '#', ':']).next().unwrap_or_default().to_lowercase();
    host.strip_prefix("www.").map(str::to_owned).unwrap_or(host)
}

/// The text at the first of the paths that has one.
fn first_text(event: &Event, paths: &[Path]) -> Option<CompactString> {
    paths.iter().find_map(|path| {
        let text = path.in_event(event)?.scalar_text()?;
        let text = text.trim();
        (!text.is_empty()).then(|| cut(text))
    })
}

fn cut(text: &str) -> CompactString {
    let mut end = text.len().min(TEXT_BYTES_MAX);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default().into()
}

fn paths(texts: &[&str]) -> Vec<Path> {
    texts.iter().filter_map(|text| Path::from_str(text).ok()).collect()
}
