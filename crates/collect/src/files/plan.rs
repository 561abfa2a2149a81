use std::collections::HashSet;

use jiff::tz::TimeZone;
use segops_model::{Object, Path};

use super::ImportError;
use super::cells::Column;
use super::mapping::{EventName, Format, Mapping, PropertyColumn, Rest, Sum, ValueType};
use crate::rejection::quoted;

/// A mapping whose columns are found in the file at hand.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) name: String,
    pub(super) missing: Vec<String>,
    pub(super) decimal_comma: bool,
    pub(super) zone: TimeZone,
    pub(super) item_type: &'static str,
    pub(super) event: Option<(EventName, Option<Named>)>,
    pub(super) time: Vec<Named>,
    pub(super) time_formats: Vec<String>,
    pub(super) identifiers: Vec<IdentifierPlan>,
    pub(super) properties: Vec<PropertyPlan>,
    pub(super) traits: Vec<PropertyPlan>,
    pub(super) items: Vec<PropertyPlan>,
    pub(super) sums: Vec<Sum>,
    pub(super) constants: Object,
    pub(super) id_columns: Vec<Named>,
    pub(super) group_by: Vec<Named>,
    pub(super) scattered: bool,
    /// For JSON rows whose other members are properties: the members that are not.
    pub(super) mapped_members: Option<HashSet<String>>,
}

#[derive(Debug)]
pub(super) struct Named {
    pub(super) column: Column,
    pub(super) name: String,
}

#[derive(Debug)]
pub(super) struct IdentifierPlan {
    pub(super) from: Named,
    pub(super) kind: String,
    pub(super) numeric: bool,
}

#[derive(Debug)]
pub(super) struct PropertyPlan {
    pub(super) from: Named,
    /// The names of the objects on the way, and of the property itself.
    pub(super) target: Vec<String>,
    pub(super) value_type: ValueType,
    pub(super) format: Option<String>,
}

impl Plan {
    /// `names` are the columns of a table, or the members that JSON rows may have; empty where these are not known.
    pub(super) fn new(mapping: &Mapping, names: &[String]) -> Result<Self, ImportError> {
        let mut finder = Finder { names, json: mapping.format != Format::Csv, problems: mapping.problems() };
        let zone = TimeZone::get(&mapping.zone).unwrap_or_else(|_| {
            finder.problems.push(format!(
                "there is no time zone {}; use an IANA name such as Europe/Berlin",
                quoted(&mapping.zone)
            ));
            TimeZone::UTC
        });
        let event = mapping.event.clone().map(|event| {
            let column = event.column.as_deref().map(|name| finder.find(name));
            (event, column)
        });
        let time = mapping.time.clone().unwrap_or_default();
        let identifiers = mapping.identifiers.iter();
        let mut plan = Self {
            name: mapping.name.clone(),
            missing: mapping.missing.clone(),
            decimal_comma: mapping.decimal_comma,
            zone,
            item_type: match mapping.kind {
                segops_model::EventKind::Identify => "identify",
                segops_model::EventKind::Page => "page",
                segops_model::EventKind::Screen => "screen",
                _ => "track",
            },
            event,
            time: finder.all(&time.columns),
            time_formats: time.formats,
            identifiers: identifiers
                .map(|identifier| IdentifierPlan {
                    from: finder.find(&identifier.column),
                    kind: identifier.kind.trim().to_owned(),
                    numeric: identifier.numeric,
                })
                .collect(),
            properties: finder.properties(&mapping.properties),
            traits: finder.properties(&mapping.traits),
            items: finder.properties(&mapping.items),
            sums: mapping.sums.clone(),
            constants: mapping.constants.clone(),
            id_columns: finder.all(&mapping.id_columns),
            group_by: finder.all(&mapping.group_rows_by),
            scattered: mapping.scattered,
            mapped_members: None,
        };
        if !finder.problems.is_empty() {
            return Err(ImportError::Mapping(finder.problems));
        }
        if mapping.rest == Rest::Properties {
            plan.add_rest(names, finder.json);
        }
        Ok(plan)
    }

    fn add_rest(&mut self, names: &[String], json: bool) {
        if json {
            let member = |named: &Named| match &named.column {
                Column::Path(path) => Some(path.root().to_owned()),
                Column::Member(name) => Some(name.clone()),
                Column::Index(_) => None,
            };
            self.mapped_members = Some(self.named().filter_map(member).collect());
            return;
        }
        let mapped: HashSet<String> = self.named().map(|named| named.name.clone()).collect();
        for (index, name) in names.iter().enumerate().filter(|(_, name)| !mapped.contains(*name)) {
            self.properties.push(PropertyPlan {
                from: Named { column: Column::Index(index), name: name.clone() },
                target: vec![name.clone()],
                value_type: ValueType::Auto,
                format: None,
            });
        }
    }

    fn named(&self) -> impl Iterator<Item = &Named> {
        let event = self.event.iter().filter_map(|(_, column)| column.as_ref());
        let identifiers = self.identifiers.iter().map(|identifier| &identifier.from);
        let properties = [&self.properties, &self.traits, &self.items];
        let properties = properties.into_iter().flatten().map(|property| &property.from);
        event
            .chain(&self.time)
            .chain(identifiers)
            .chain(properties)
            .chain(&self.id_columns)
            .chain(&self.group_by)
    }
}

struct Finder<'a> {
    names: &'a [String],
    json: bool,
    problems: Vec<String>,
}

impl Finder<'_> {
    fn find(&mut self, name: &str) -> Named {
        let missing = || {
            let known: Vec<String> = self.names.iter().take(40).map(|name| quoted(name)).collect();
            format!("there is no column {}; the file has {}", quoted(name), known.join(", "))
        };
        let at = self.names.iter().position(|known| known == name);
        let column = match at {
            Some(_) if self.json => Ok(Column::Member(name.to_owned())),
            Some(at) => Ok(Column::Index(at)),
            None if !self.json => Err(missing()),
            None => match name.parse::<Path>() {
                Ok(path) if self.names.is_empty() || self.names.iter().any(|known| known == path.root()) => {
                    Ok(Column::Path(path))
                }
                Err(error) if self.names.is_empty() => Err(format!("{error}")),
                _ => Err(missing()),
            },
        };
        let column = column.unwrap_or_else(|problem| {
            self.problems.push(problem);
            Column::Index(0)
        });
        Named { column, name: name.to_owned() }
    }

    fn all(&mut self, names: &[String]) -> Vec<Named> {
        names.iter().map(|name| self.find(name)).collect()
    }

    fn properties(&mut self, columns: &[PropertyColumn]) -> Vec<PropertyPlan> {
        columns
            .iter()
            .map(|property| {
                let target = match &property.property {
                    // A column's own name is one name, whatever dots are in it.
                    None => vec![property.column.clone()],
                    Some(path) => path.split('.').map(str::to_owned).collect(),
                };
                if target.iter().any(String::is_empty) {
                    self.problems
                        .push(format!("the property of column {} has no name", quoted(&property.column)));
                }
                PropertyPlan {
                    from: self.find(&property.column),
                    target,
                    value_type: property.value_type,
                    format: property.format.clone(),
                }
            })
            .collect()
    }
}
