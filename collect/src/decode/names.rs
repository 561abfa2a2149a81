/// The name that the ecommerce specification, version 2, gives to an event of version 1. Rules, and the
/// reading of orders, know only the second.
pub(super) fn current(name: &str) -> Option<&'static str> {
    Some(match name {
        "Viewed Product Category" => "Product List Viewed",
        "Viewed Promotion" => "Promotion Viewed",
        "Clicked Promotion" => "Promotion Clicked",
        "Clicked Product" => "Product Clicked",
        "Viewed Product" => "Product Viewed",
        "Added Product" => "Product Added",
        "Removed Product" => "Product Removed",
        "Completed Order" => "Order Completed",
        _ => return None,
    })
}
