mod exact_json;
mod place;
mod range_cache;
mod sidecar;
