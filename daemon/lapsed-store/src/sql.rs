//! What a statement says, in the words of each database.
//!
//! Where the databases agree, a statement is said once, as a text in the verb that runs it. Where they differ it stands
//! side by side, in files of the same name under `sql/sqlite/` and `sql/postgres/`, and [`side_by_side!`] names both.

use lapsed_model::Dialect;

/// The text of a statement, with `$1`, `$2` … for its values.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sql {
    sqlite: &'static str,
    postgres: &'static str,
}

impl Sql {
    /// Two texts that mean the same.
    pub(crate) const fn each(sqlite: &'static str, postgres: &'static str) -> Self {
        Self { sqlite, postgres }
    }

    /// The words of one database.
    pub(crate) fn of(self, dialect: Dialect) -> &'static str {
        match dialect {
            Dialect::Sqlite => self.sqlite,
            Dialect::Postgres => self.postgres,
        }
    }
}

impl From<&'static str> for Sql {
    /// Both databases read it.
    fn from(both: &'static str) -> Self {
        Self::each(both, both)
    }
}

/// The statement that stands under this name for each of the databases.
macro_rules! side_by_side {
    ($name:literal) => {
        $crate::sql::Sql::each(
            include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/sql/sqlite/", $name, ".sql")),
            include_str!(concat!(
                env!("CARGO_MANIFEST_DIR"),
                "/sql/postgres/",
                $name,
                ".sql"
            )),
        )
    };
}

/// The values of a statement, `$1` first.
macro_rules! values {
    ($($value:expr),* $(,)?) => {
        [$(lapsed_model::Value::from($value)),*]
    };
}

pub(crate) use {side_by_side, values};
