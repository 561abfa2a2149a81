/// What a record of a checkpoint is of. The numbers are on disk: none is ever used for anything else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(crate) enum Kind {
    // Written whole when they differ from what was written before.
    Meta = 1,
    Settings = 2,
    Source = 3,
    Import = 4,
    Segment = 5,
    ComputedTrait = 6,
    KnownScores = 7,
    Threshold = 8,
    ConsentFile = 9,
    List = 10,
    ListEntries = 11,
    Separations = 12,
    SplitRows = 13,
    KnownTraits = 14,
    Programs = 15,
    Signals = 16,
    ProductFields = 17,
    DerivedEvent = 18,
    Result = 19,
    ResultMembers = 20,
    Alarm = 21,
    // Written where a key has changed.
    KnownEvent = 32,
    ProductEvent = 33,
    Identifier = 34,
    Alias = 35,
    Profile = 36,
    Merges = 37,
    Traits = 38,
    Timeline = 39,
    OrderKeys = 40,
    Order = 41,
    Scores = 42,
    Standings = 43,
    Recorded = 44,
    Consent = 45,
    Product = 46,
    ProductKey = 47,
    Seen = 48,
    Transition = 49,
    Derived = 50,
}

impl Kind {
    pub(crate) const ALL: [Self; 40] = [
        Self::Meta,
        Self::Settings,
        Self::Source,
        Self::Import,
        Self::Segment,
        Self::ComputedTrait,
        Self::KnownScores,
        Self::Threshold,
        Self::ConsentFile,
        Self::List,
        Self::ListEntries,
        Self::Separations,
        Self::SplitRows,
        Self::KnownTraits,
        Self::Programs,
        Self::Signals,
        Self::ProductFields,
        Self::DerivedEvent,
        Self::Result,
        Self::ResultMembers,
        Self::Alarm,
        Self::KnownEvent,
        Self::ProductEvent,
        Self::Identifier,
        Self::Alias,
        Self::Profile,
        Self::Merges,
        Self::Traits,
        Self::Timeline,
        Self::OrderKeys,
        Self::Order,
        Self::Scores,
        Self::Standings,
        Self::Recorded,
        Self::Consent,
        Self::Product,
        Self::ProductKey,
        Self::Seen,
        Self::Transition,
        Self::Derived,
    ];

    pub(crate) const fn code(self) -> u8 {
        self as u8
    }

    pub(crate) fn of_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }

    /// The version of what is written of this kind.
    pub(crate) const fn version(self) -> u8 {
        1
    }
}
