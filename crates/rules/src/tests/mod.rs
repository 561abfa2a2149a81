mod choosing;
mod json_mistakes;
mod mistakes;
mod profile_mistakes;
mod reading;
mod reference;
mod resolving;
mod round_trip;
