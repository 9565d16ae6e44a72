//! Tenants and their workgroups.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

/// The name of a tenant: the stem of its policy file.
///
/// Lower-case letters, digits and hyphens, at most 64 of them, so that it can stand in a path, a log line and
/// a metric's label without being quoted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TenantName(String);

/// Why a text cannot name a tenant or a workgroup.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// There is nothing in it.
    #[error("a name needs at least one letter")]
    Empty,
    /// It would not fit a column, a label or a file name.
    #[error("a name has at most 64 letters")]
    TooLong,
    /// The first letter that may not stand in a name.
    #[error("`{0}` may not stand in a name: use lower-case letters, digits and hyphens")]
    Letter(char),
    /// `TENANT/WORKGROUP` without its stroke.
    #[error("write TENANT/WORKGROUP, such as `stadttheater/abonnement`")]
    NoStroke,
}

fn check_name(text: &str) -> Result<(), NameError> {
    if text.is_empty() {
        return Err(NameError::Empty);
    }
    if text.chars().count() > 64 {
        return Err(NameError::TooLong);
    }
    match text.chars().find(|c| !matches!(c, 'a'..='z' | '0'..='9' | '-')) {
        Some(letter) => Err(NameError::Letter(letter)),
        None => Ok(()),
    }
}

impl TenantName {
    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for TenantName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        check_name(text).map(|()| Self(text.to_owned()))
    }
}

impl fmt::Display for TenantName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for TenantName {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&self.0)
    }
}

/// A workgroup of a tenant: a house, a box office, a branch. Policies apply to it as a whole.
///
/// Written `TENANT/WORKGROUP`. The store may know it by another key; which one is the operator's to say.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Workgroup {
    /// Whose workgroup it is.
    pub tenant: TenantName,
    /// Its name within the tenant, as the policy spells it.
    pub name: String,
}

impl Workgroup {
    /// The workgroup `name` of `tenant`; the name obeys the rules of [`TenantName`].
    pub fn new(tenant: TenantName, name: &str) -> Result<Self, NameError> {
        check_name(name).map(|()| Self {
            tenant,
            name: name.to_owned(),
        })
    }
}

impl FromStr for Workgroup {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let (tenant, name) = text.split_once('/').ok_or(NameError::NoStroke)?;
        Self::new(tenant.parse()?, name)
    }
}

impl fmt::Display for Workgroup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.tenant, self.name)
    }
}

impl Serialize for Workgroup {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}
