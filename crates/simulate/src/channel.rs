use crate::chance::Chance;
use crate::json::ObjectWriter;

/// Where a visit comes from: what its landing page says of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Channel {
    Direct,
    OrganicSearch,
    PaidSearch,
    PaidSocial,
    Newsletter,
}

const WEIGHTS: [(Channel, u32); 5] = [
    (Channel::Direct, 38),
    (Channel::OrganicSearch, 27),
    (Channel::PaidSearch, 17),
    (Channel::PaidSocial, 12),
    (Channel::Newsletter, 6),
];

impl Channel {
    pub(crate) fn draw(mut chance: Chance) -> Self {
        let at = chance.weighted(&WEIGHTS.map(|(_, weight)| weight));
        WEIGHTS.get(at).map_or(Self::Direct, |(channel, _)| *channel)
    }

    pub(crate) const fn source(self) -> &'static str {
        match self {
            Self::Direct => "direct",
            Self::OrganicSearch | Self::PaidSearch => "google",
            Self::PaidSocial => "instagram",
            Self::Newsletter => "newsletter",
        }
    }

    /// The page that linked to the shop, where browsers tell.
    pub(crate) const fn referrer(self) -> Option<&'static str> {
        match self {
            Self::OrganicSearch | Self::PaidSearch => Some("https://www.google.com/"),
            Self::PaidSocial => Some("https://l.instagram.com/"),
            Self::Direct | Self::Newsletter => None,
        }
    }

    /// What the address of the landing page is tagged with: medium and campaign.
    const fn tags(self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::Direct | Self::OrganicSearch => None,
            Self::PaidSearch => Some(("cpc", "brand")),
            Self::PaidSocial => Some(("paid_social", "prospecting")),
            Self::Newsletter => Some(("email", "weekly-news")),
        }
    }

    /// `context.campaign`, as clients make it of those tags.
    pub(crate) fn write_campaign(self, context: &mut ObjectWriter<'_>) {
        if let Some((medium, name)) = self.tags() {
            context.object("campaign", |campaign| {
                campaign.text("source", self.source());
                campaign.text("medium", medium);
                campaign.text("name", name);
            });
        }
    }

    pub(crate) fn query(self) -> String {
        self.tags().map_or_else(String::new, |(medium, name)| {
            format!("?utm_source={}&utm_medium={medium}&utm_campaign={name}", self.source())
        })
    }
}
