//! What is the same on both databases and has to be said in other words.
//!
//! Each method says in its name what is meant; the statements that use them read alike on both. What depends on the type
//! of a column besides is in `key.rs` (people), `reading.rs` (instants) and `verbs.rs` (what a column becomes).

use lapsed_model::Dialect;

/// The words of a database.
pub(crate) trait Words: Copy {
    /// Whether `column` is one of what `rows` selects.
    ///
    /// On PostgreSQL the rows are collected once and looked up by index. As `IN (SELECT …)` the planner guesses how many
    /// the temporary batch holds, and rather reads the table from end to end.
    fn among(self, column: &str, rows: &str) -> String;

    /// `FROM`: each row of `first`, and with it what of `then` fulfils `condition`, in that order.
    ///
    /// Both planners would turn the order around where they misjudge how little `first` holds. `CROSS JOIN` keeps SQLite
    /// from it, and `OFFSET 0` PostgreSQL, which plans what stands behind it for one row of `first`.
    fn each_with(self, first: &str, then: &str, name: &str, condition: &str) -> String;

    /// Whether `column` is one of what `rows` selects, which is the same for every person of the statement and is collected
    /// once. Where nothing is said of it, PostgreSQL makes a join of it and walks through the rows for every person.
    fn in_the_same(self, column: &str, rows: &str) -> String;

    /// A column of text for a condition that must not choose the index: the one that it leads to has everybody's rows.
    fn beside_the_index(self, column: &str) -> String;

    /// Keeps the rows of a table as they are until the transaction ends. SQLite's one writer does.
    fn stays(self, table: &str) -> String;

    /// No number, where nothing around says that it would have been one.
    fn no_number(self) -> &'static str;

    /// One JSON text with a list of `columns` for every row of `rows`, in the order in which they come.
    fn json_lists(self, columns: &str, rows: &str) -> String;

    /// A JSON text with a list of these values.
    fn json_row(self, values: &[String]) -> String;

    /// A JSON text with a list of the texts `line` of every row, each of them JSON; in the order in which they come.
    ///
    /// They are put together as texts: what SQLite knows of a value being JSON does not outlive every way of running a query.
    fn json_list(self, line: &str) -> String;

    /// A value as a JSON text.
    fn json_scalar(self, value: &str) -> String;

    /// Orders what [`Words::each_with`] yields as `first` is ordered. PostgreSQL yields it so; SQLite merges the parts of a `UNION ALL`
    /// by what is said here, and keeps the order of rows that are equal.
    fn in_the_order_of(self, column: &str) -> String;

    /// Whether `column` contains what is bound as a pattern, whatever the case of its letters.
    fn is_like(self, column: &str, pattern: &str) -> String;

    /// A text that is unique and means nothing.
    fn random_text(self) -> &'static str;
}

impl Words for Dialect {
    fn among(self, column: &str, rows: &str) -> String {
        match self {
            Dialect::Sqlite => format!("{column} IN ({rows})"),
            Dialect::Postgres => format!("{column} = ANY (ARRAY({rows}))"),
        }
    }

    fn each_with(self, first: &str, then: &str, name: &str, condition: &str) -> String {
        match self {
            Dialect::Sqlite => format!("{first} CROSS JOIN {then} {name} ON {condition}"),
            Dialect::Postgres => {
                format!(
                    "{first} CROSS JOIN LATERAL (SELECT {name}.* FROM {then} {name} WHERE {condition} OFFSET 0) {name}"
                )
            }
        }
    }

    fn in_the_same(self, column: &str, rows: &str) -> String {
        match self {
            Dialect::Sqlite => format!("{column} IN ({rows})"),
            Dialect::Postgres => format!("({column} IN ({rows})) IS TRUE"),
        }
    }

    fn beside_the_index(self, column: &str) -> String {
        match self {
            Dialect::Sqlite => format!("+{column}"),
            Dialect::Postgres => format!("{column} || ''"),
        }
    }

    fn stays(self, table: &str) -> String {
        match self {
            Dialect::Sqlite => String::new(),
            Dialect::Postgres => format!(" FOR SHARE OF {table}"),
        }
    }

    fn no_number(self) -> &'static str {
        match self {
            Dialect::Sqlite => "NULL",
            Dialect::Postgres => "CAST(NULL AS bigint)",
        }
    }

    fn json_lists(self, columns: &str, rows: &str) -> String {
        match self {
            Dialect::Sqlite => format!("SELECT json_group_array(json_array({columns})) FROM ({rows})"),
            Dialect::Postgres => {
                format!(
                    "SELECT CAST(coalesce(json_agg(jsonb_build_array({columns})), '[]') AS text) FROM ({rows}) listed"
                )
            }
        }
    }

    fn json_row(self, values: &[String]) -> String {
        let values = values.join(", ");
        match self {
            Dialect::Sqlite => format!("json_array({values})"),
            Dialect::Postgres => format!("CAST(json_build_array({values}) AS text)"),
        }
    }

    fn json_list(self, line: &str) -> String {
        let joined = match self {
            Dialect::Sqlite => format!("group_concat({line}, ',')"),
            Dialect::Postgres => format!("string_agg({line}, ',')"),
        };
        format!("'[' || coalesce({joined}, '') || ']'")
    }

    fn json_scalar(self, value: &str) -> String {
        match self {
            Dialect::Sqlite => format!("json_quote({value})"),
            Dialect::Postgres => format!("CAST(to_json({value}) AS text)"),
        }
    }

    fn in_the_order_of(self, column: &str) -> String {
        match self {
            Dialect::Sqlite => format!(" ORDER BY {column}"),
            Dialect::Postgres => String::new(),
        }
    }

    fn is_like(self, column: &str, pattern: &str) -> String {
        match self {
            Dialect::Sqlite => format!("{column} LIKE {pattern} ESCAPE '\\'"),
            Dialect::Postgres => format!("CAST({column} AS text) ILIKE {pattern} ESCAPE '\\'"),
        }
    }

    fn random_text(self) -> &'static str {
        match self {
            Dialect::Sqlite => "'erased-' || lower(hex(randomblob(12)))",
            Dialect::Postgres => {
                "'erased-' || substr(replace(CAST(gen_random_uuid() AS text), '-', ''), 1, 24)"
            }
        }
    }
}
