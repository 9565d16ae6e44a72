//! `manifest.json`: what an archive holds, for programs (Article 20 GDPR asks for a machine-readable format).
//!
//! It is the last file of an archive, since it has what was counted while the others were written. A program that reads
//! exports looks at `format` and `version` first; what is added later comes under new names and leaves both alone.

use chrono::{DateTime, SecondsFormat, Utc};
use lapsed_model::{Digest, Workgroup};
use serde::{Serialize, Serializer};

use crate::csv::{Format, Profile, Separator};

/// Its name in every archive.
pub(crate) const MANIFEST: &str = "manifest.json";
/// What it calls itself.
const FORMAT: &str = "lapsed-export";
/// Raised when a reader of the version before would misread it.
const VERSION: u32 = 1;

/// What is exported, when, and how its CSV is written.
#[derive(Clone, Debug)]
pub struct About {
    /// The instant that the rows tell of.
    pub made_at: DateTime<Utc>,
    /// Whom or what.
    pub subject: Subject,
    /// How the CSV files are written.
    pub format: Format,
}

/// Whom or what an archive is about.
#[derive(Clone, Debug, PartialEq)]
pub enum Subject {
    /// One customer.
    Customer {
        /// The one that has it.
        workgroup: Workgroup,
        /// The customer's key as the platform has it: a number or a text.
        key: serde_json::Value,
    },
    /// All customers of a workgroup, or those that a filter left.
    Workgroup(Workgroup),
}

/// One file of an archive, as it was counted while it was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FileEntry {
    /// Its name.
    pub name: String,
    /// How many records it has below its header; none where it is no CSV.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rows: Option<u64>,
    /// How long it is, unpacked.
    pub bytes: u64,
    /// Over its bytes, unpacked.
    pub sha256: Digest,
    /// The names in its header, in their order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<String>,
}

/// The file as a whole.
#[derive(Serialize)]
struct Manifest<'a> {
    format: &'static str,
    version: u32,
    #[serde(serialize_with = "rfc_3339")]
    made_at: DateTime<Utc>,
    about: Named<'a>,
    csv: Csv,
    files: &'a [FileEntry],
}

#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum Named<'a> {
    Customer {
        tenant: String,
        workgroup: &'a str,
        customer: &'a serde_json::Value,
    },
    Workgroup {
        tenant: String,
        workgroup: &'a str,
    },
}

#[derive(Serialize)]
struct Csv {
    profile: Profile,
    separator: Separator,
    byte_order_mark: bool,
    encoding: &'static str,
}

/// The manifest's text.
pub(crate) fn manifest(about: &About, files: &[FileEntry]) -> serde_json::Result<Vec<u8>> {
    let format = about.format;
    let manifest = Manifest {
        format: FORMAT,
        version: VERSION,
        made_at: about.made_at,
        about: named(&about.subject),
        csv: Csv {
            profile: format.profile,
            separator: format.separator,
            byte_order_mark: format.byte_order_mark,
            encoding: "UTF-8",
        },
        files,
    };
    let mut text = serde_json::to_vec_pretty(&manifest)?;
    text.push(b'\n');
    Ok(text)
}

fn named(subject: &Subject) -> Named<'_> {
    match subject {
        Subject::Customer { workgroup, key } => Named::Customer {
            tenant: workgroup.tenant.to_string(),
            workgroup: &workgroup.name,
            customer: key,
        },
        Subject::Workgroup(workgroup) => Named::Workgroup {
            tenant: workgroup.tenant.to_string(),
            workgroup: &workgroup.name,
        },
    }
}

fn rfc_3339<S: Serializer>(instant: &DateTime<Utc>, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&instant.to_rfc3339_opts(SecondsFormat::Secs, true))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn x1_a_program_finds_whose_data_it_is_and_what_to_check_it_by() {
        let about = About {
            made_at: "2026-11-22T12:00:00Z".parse().expect("an instant"),
            subject: Subject::Customer {
                workgroup: "stadttheater/grosses-haus".parse().expect("a workgroup"),
                key: 17.into(),
            },
            format: Format::spreadsheet(Separator::Semicolon),
        };
        let files = [
            FileEntry {
                name: "orders.csv".to_owned(),
                rows: Some(2),
                bytes: 3,
                sha256: Digest::sha256("abc"),
                columns: vec!["number".to_owned(), "ordered_at".to_owned()],
            },
            FileEntry {
                name: "README.txt".to_owned(),
                rows: None,
                bytes: 0,
                sha256: Digest::sha256(""),
                columns: Vec::new(),
            },
        ];
        let text = manifest(&about, &files).expect("a manifest");
        let read: serde_json::Value = serde_json::from_slice(&text).expect("JSON");
        let expected = serde_json::json!({
            "format": "lapsed-export",
            "version": 1,
            "made_at": "2026-11-22T12:00:00Z",
            "about": {
                "kind": "customer",
                "tenant": "stadttheater",
                "workgroup": "grosses-haus",
                "customer": 17,
            },
            "csv": {
                "profile": "spreadsheet",
                "separator": ";",
                "byte_order_mark": true,
                "encoding": "UTF-8",
            },
            "files": [
                {
                    "name": "orders.csv",
                    "rows": 2,
                    "bytes": 3,
                    "sha256": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
                    "columns": ["number", "ordered_at"],
                },
                {
                    "name": "README.txt",
                    "bytes": 0,
                    "sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
                },
            ],
        });
        assert_eq!(read, expected);
    }
}
