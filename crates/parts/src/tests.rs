mod exact_json;
mod sidecar;
