//! One file per command.

pub(crate) mod anonymise;
pub(crate) mod apply;
pub(crate) mod check;
pub(crate) mod completions;
pub(crate) mod demo;
pub(crate) mod explain;
pub(crate) mod find;
pub(crate) mod init;
pub(crate) mod ledger;
pub(crate) mod migrate;
pub(crate) mod plan;
pub(crate) mod policy;
pub(crate) mod schema;
