mod json_mistakes;
mod mistakes;
mod reading;
mod reference;
mod resolving;
mod round_trip;
