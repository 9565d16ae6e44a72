//! What several benches need: theatres full of people on either database, copies of them, our side, and figures.

pub(crate) mod arguments;
pub(crate) mod figures;
pub(crate) mod ours;
pub(crate) mod place;
pub(crate) mod processor;
pub(crate) mod server;
pub(crate) mod stores;
pub(crate) mod theatres;
