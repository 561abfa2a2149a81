use segops_model::Instant;
use serde::Serialize;

use crate::Habit;

/// What no real store could know of a customer: for judging predictions against.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CustomerTruth {
    pub customer: u64,
    /// `None` for one who only ever orders as a guest.
    pub user_id: Option<String>,
    pub email: String,
    pub habit: Habit,
    pub first_seen: Instant,
    /// Orders placed up to the last event taken.
    pub orders: u32,
    /// Orders a day of ordinary demand, at the pace the customer has now, were they never lost.
    pub orders_per_day: f64,
    /// When they were lost; `None` while they are not.
    pub alive_until: Option<Instant>,
}
