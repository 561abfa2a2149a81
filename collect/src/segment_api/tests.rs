mod bodies;
mod captures;
mod requests;
