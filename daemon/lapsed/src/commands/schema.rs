//! `lapsed schema policy|settings|dataset`

use lapsed_config::schema;
use lapsed_dataset::DATASET_SHAPE;
use lapsed_policy::POLICY_SHAPE;

use crate::cli::{SchemaArgs, SchemaFile};
use crate::failure::Result;
use crate::output::Output;
use crate::settings::SETTINGS_SHAPE;

/// Prints the JSON Schema of a file.
pub(crate) fn run(args: &SchemaArgs, out: &Output) -> Result {
    out.raw(&text(args.file));
    Ok(())
}

/// The JSON Schema of a file, as an editor reads it.
pub(crate) fn text(file: SchemaFile) -> String {
    let schema = match file {
        SchemaFile::Policy => schema("lapsed: a tenant's policy", &POLICY_SHAPE),
        SchemaFile::Settings => schema("lapsed: the operator's settings", &SETTINGS_SHAPE),
        SchemaFile::Dataset => schema("lapsed: a dataset", &DATASET_SHAPE),
    };
    serde_json::to_string_pretty(&schema).expect("a schema has names for keys")
}
