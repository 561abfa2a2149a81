/// What a path of the tracking API asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Call {
    Track,
    Identify,
    Page,
    Screen,
    Group,
    Alias,
    /// RudderStack's: two identifiers, each with its kind, are one profile.
    Merge,
    Batch,
    /// The browser SDK's own counters: taken, and dropped.
    Metrics,
}

impl Call {
    /// The call at a path, with its long name or the browser SDK's letter, with or without a final slash.
    #[must_use]
    pub fn from_path(path: &str) -> Option<Self> {
        let path = path.strip_suffix('/').unwrap_or(path);
        if path == "/beacon/v1/batch" {
            return Some(Self::Batch);
        }
        Some(match path.strip_prefix("/v1/")? {
            "track" | "t" => Self::Track,
            "identify" | "i" => Self::Identify,
            "page" | "p" => Self::Page,
            "screen" | "s" => Self::Screen,
            "group" | "g" => Self::Group,
            "alias" | "a" => Self::Alias,
            "merge" => Self::Merge,
            "batch" | "b" | "import" => Self::Batch,
            "m" => Self::Metrics,
            _ => return None,
        })
    }

    /// The `type` that an item of a single call has where it says none.
    pub(crate) const fn item_type(self) -> Option<&'static str> {
        Some(match self {
            Self::Track => "track",
            Self::Identify => "identify",
            Self::Page => "page",
            Self::Screen => "screen",
            Self::Group => "group",
            Self::Alias => "alias",
            Self::Merge => "merge",
            Self::Batch | Self::Metrics => return None,
        })
    }
}
