//! Templates of the segments that stores use most: each a file in `templates/`, with what it is for and
//! parameters that have defaults.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A segment to start from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) struct Template {
    #[schema(example = "cart-abandoners")]
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) group: String,
    pub(crate) description: String,
    /// What it is good for.
    pub(crate) why: String,
    pub(crate) parameters: Vec<TemplateParameter>,
    /// The rule, with `{{name}}` where a parameter stands.
    pub(crate) rule: String,
    /// The rule with every parameter's default.
    pub(crate) default_rule: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) struct TemplateParameter {
    pub(crate) name: String,
    pub(crate) default: String,
    pub(crate) description: String,
}

macro_rules! template {
    ($id:literal) => {
        ($id, include_str!(concat!("../templates/", $id, ".segment")))
    };
}

const FILES: &[(&str, &str)] = &[
    template!("anonymous-carts"),
    template!("brand-fans"),
    template!("browse-abandoners"),
    template!("bulk-buyers"),
    template!("by-country"),
    template!("came-back"),
    template!("cancelled-orders"),
    template!("cart-abandoners"),
    template!("category-buyers"),
    template!("category-interest"),
    template!("checkout-abandoners"),
    template!("clicked-not-bought"),
    template!("coupon-users"),
    template!("cross-sell"),
    template!("discount-only-buyers"),
    template!("engaged-readers"),
    template!("first-time-customers"),
    template!("full-price-buyers"),
    template!("guest-customers"),
    template!("heavy-browsers"),
    template!("high-average-order"),
    template!("high-lifetime-spend"),
    template!("lapsed-customers"),
    template!("lapsing-customers"),
    template!("last-year-not-this-year"),
    template!("lost-customers"),
    template!("low-average-order"),
    template!("low-lifetime-spend"),
    template!("loyal-customers"),
    template!("loyalty-tier"),
    template!("mailed-buyers"),
    template!("multi-category-buyers"),
    template!("never-bought"),
    template!("new-customers"),
    template!("no-returns"),
    template!("one-large-order"),
    template!("one-time-lapsed"),
    template!("ordered-this-month"),
    template!("premium-buyers"),
    template!("reactivated-customers"),
    template!("recent-buyers"),
    template!("removed-from-cart"),
    template!("repeat-customers"),
    template!("returners"),
    template!("searched-not-bought"),
    template!("second-order-window"),
    template!("single-category-buyers"),
    template!("spending-less"),
    template!("spending-more"),
    template!("unengaged-readers"),
    template!("unsubscribed"),
    template!("valuable-checkout-abandoners"),
    template!("valuable-lapsed"),
    template!("vip-by-frequency"),
    template!("vip-by-spend"),
    template!("window-shoppers"),
    template!("with-phone"),
];

/// All templates, by group and then in alphabetical order.
pub(crate) fn templates() -> Vec<Template> {
    let mut templates: Vec<Template> = FILES.iter().filter_map(|(id, text)| read(id, text)).collect();
    templates.sort_by(|left, right| (&left.group, &left.id).cmp(&(&right.group, &right.id)));
    templates
}

/// The template of an id.
///
/// # Errors
/// There is none; which is meant.
pub(crate) fn template(id: &str) -> Result<Template, String> {
    let found = FILES.iter().find(|(held, _)| held.eq_ignore_ascii_case(id.trim()));
    found
        .and_then(|(id, text)| read(id, text))
        .ok_or_else(|| format!("there is no template `{id}`; `segops segment templates` lists them"))
}

impl Template {
    /// The rule with the parameters' values, and the defaults of those that are not given.
    ///
    /// # Errors
    /// A value for a parameter that there is not, or one that would not stay one value.
    pub(crate) fn filled(&self, values: &BTreeMap<String, String>) -> Result<String, String> {
        if let Some(unknown) =
            values.keys().find(|name| !self.parameters.iter().any(|held| held.name == **name))
        {
            let names: Vec<&str> = self.parameters.iter().map(|held| held.name.as_str()).collect();
            return Err(format!(
                "the template `{}` has no parameter `{unknown}`; it has {}",
                self.id,
                names.join(", ")
            ));
        }
        let mut rule = self.rule.clone();
        for parameter in &self.parameters {
            let value = values.get(&parameter.name).unwrap_or(&parameter.default);
            let is_number = parameter.default.parse::<f64>().is_ok();
            if is_number && segops_model::Decimal::parse(value).is_none() {
                return Err(format!(
                    "`{}` of the template `{}` is a number, and not `{value}`",
                    parameter.name, self.id
                ));
            }
            let written = value.replace('\\', "\\\\").replace('"', "\\\"");
            rule = rule.replace(&format!("{{{{{}}}}}", parameter.name), &written);
        }
        Ok(rule)
    }
}

fn read(id: &str, text: &str) -> Option<Template> {
    let (head, rule) = text.strip_prefix("---\n")?.split_once("\n---\n")?;
    let mut template = Template {
        id: id.to_owned(),
        name: String::new(),
        group: String::new(),
        description: String::new(),
        why: String::new(),
        parameters: Vec::new(),
        rule: rule.trim().to_owned(),
        default_rule: String::new(),
    };
    for line in head.lines() {
        let (field, value) = line.split_once(": ")?;
        match field {
            "name" => value.clone_into(&mut template.name),
            "group" => value.clone_into(&mut template.group),
            "description" => value.clone_into(&mut template.description),
            "why" => value.clone_into(&mut template.why),
            _ => {
                let (default, description) = value.split_once(" | ")?;
                template.parameters.push(TemplateParameter {
                    name: field.strip_prefix("parameter ")?.to_owned(),
                    default: default.to_owned(),
                    description: description.to_owned(),
                });
            }
        }
    }
    template.default_rule = template.filled(&BTreeMap::new()).ok()?;
    Some(template)
}
