mod duplicates;
mod normalise;
mod order;
mod resolve;
mod separations;
mod settings;
