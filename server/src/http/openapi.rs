use utoipa::openapi::OpenApi as Document;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi};

use super::router::documented_routes;

/// The description of the API, made from its code.
#[must_use]
pub fn document() -> Document {
    documented_routes().into_openapi()
}

#[derive(Debug, OpenApi)]
#[openapi(
    info(
        title = "SegOps",
        description = "Profiles, segments and transitions over HTTP. Lists come in pages; errors are problem \
                       details (RFC 9457). Events are sent to the Segment tracking API beside it."
    ),
    security(("token" = [])),
    modifiers(&Bearer)
)]
pub(crate) struct Api;

struct Bearer;

impl Modify for Bearer {
    fn modify(&self, document: &mut Document) {
        let scheme = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some("A token from `segops token create`, or the owner's from the first start."))
            .build();
        document
            .components
            .get_or_insert_with(Default::default)
            .add_security_scheme("token", SecurityScheme::Http(scheme));
    }
}
