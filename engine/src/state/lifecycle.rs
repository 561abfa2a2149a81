//! What people say of a segment beside its rule, where it is in its life, and what was changed when.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use segops_model::{Instant, SegmentVersion, fold_case};

const DESCRIPTION_CHARACTERS_MAX: usize = 2_000;
const LABEL_CHARACTERS_MAX: usize = 200;
const TAGS_MAX: usize = 20;
const TAG_CHARACTERS_MAX: usize = 50;

/// Where a segment is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Lifecycle {
    /// Saved, and can be previewed; nobody is in it until it is published.
    Draft,
    /// Has members, which are kept true.
    #[default]
    Live,
    /// Put away with its versions; nobody is in it. It can be restored.
    Archived,
}

impl Lifecycle {
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Live => "live",
            Self::Archived => "archived",
        }
    }
}

/// What people say of a segment.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SegmentDetails {
    pub description: String,
    pub owner: String,
    /// A path such as `Retention/Win-back`; empty for none.
    pub folder: String,
    pub tags: BTreeSet<String>,
}

/// A change of a segment's name and details. What it leaves out stays as it is.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct DetailsChange {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// A path such as `Retention/Win-back`; empty to take it out of its folder.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub folder: Option<String>,
    /// All of its tags from then on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tags: Option<BTreeSet<String>>,
}

/// One change of a segment, by whom and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SegmentChange {
    #[schema(value_type = String, format = DateTime)]
    pub at: Instant,
    pub author: String,
    pub what: SegmentChangeKind,
}

/// What a change of a segment was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum SegmentChangeKind {
    Created,
    RuleSaved {
        #[schema(value_type = u32)]
        version: SegmentVersion,
        /// The older version that it brings back.
        #[schema(value_type = Option<u32>)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        restored_from: Option<SegmentVersion>,
    },
    /// The workspace's calendar changed, and with it what the rule means.
    CalendarChanged {
        #[schema(value_type = u32)]
        version: SegmentVersion,
    },
    Renamed {
        from: String,
        to: String,
    },
    /// What was said of the segment: which of description, owner, folder and tags.
    Described {
        fields: Vec<String>,
    },
    Paused,
    Resumed,
    Published,
    Archived,
    Restored,
}

impl SegmentDetails {
    /// The details as a change makes them, in their usual form, and which of them differ then.
    ///
    /// # Errors
    /// What is too long, or too many.
    pub fn changed(&self, change: &DetailsChange) -> Result<(Self, Vec<String>), String> {
        let mut changed = self.clone();
        if let Some(description) = &change.description {
            let description = description.trim();
            within("the description", description, DESCRIPTION_CHARACTERS_MAX)?;
            description.clone_into(&mut changed.description);
        }
        if let Some(owner) = &change.owner {
            within("the owner", owner.trim(), LABEL_CHARACTERS_MAX)?;
            owner.trim().clone_into(&mut changed.owner);
        }
        if let Some(folder) = &change.folder {
            changed.folder = folder_path(folder);
            within("the folder", &changed.folder, LABEL_CHARACTERS_MAX)?;
        }
        if let Some(tags) = &change.tags {
            changed.tags = tags_of(tags)?;
        }
        let fields = [
            ("description", self.description != changed.description),
            ("owner", self.owner != changed.owner),
            ("folder", self.folder != changed.folder),
            ("tags", self.tags != changed.tags),
        ];
        let differing =
            fields.iter().filter(|(_, differs)| *differs).map(|(name, _)| (*name).to_owned()).collect();
        Ok((changed, differing))
    }
}

/// Parts without blanks around them, and none empty: `/Retention / Win-back/` is `Retention/Win-back`.
#[must_use]
pub fn folder_path(folder: &str) -> String {
    let parts: Vec<&str> = folder.split('/').map(str::trim).filter(|part| !part.is_empty()).collect();
    parts.join("/")
}

/// Tags without blanks around them, none empty, and none twice in another case.
fn tags_of(tags: &BTreeSet<String>) -> Result<BTreeSet<String>, String> {
    let mut seen = BTreeSet::new();
    let mut kept = BTreeSet::new();
    for tag in tags {
        let tag = tag.trim();
        within("a tag", tag, TAG_CHARACTERS_MAX)?;
        if tag.contains(',') {
            return Err(format!("the tag `{tag}` has a comma; give it as several tags"));
        }
        if !tag.is_empty() && seen.insert(fold_case(tag).into_owned()) {
            kept.insert(tag.to_owned());
        }
    }
    if kept.len() > TAGS_MAX {
        return Err(format!("there are {} tags; a segment has at most {TAGS_MAX}", kept.len()));
    }
    Ok(kept)
}

fn within(what: &str, text: &str, characters_max: usize) -> Result<(), String> {
    let characters = text.chars().count();
    if characters <= characters_max {
        return Ok(());
    }
    Err(format!("{what} has {characters} characters; the limit is {characters_max}"))
}
