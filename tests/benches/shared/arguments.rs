//! What a bench is told: numbers by name, and the database.

use std::collections::BTreeMap;

use lapsed_model::Dialect;

/// What was said, and what holds where nothing was.
#[derive(Clone, Debug)]
pub(crate) struct Arguments {
    numbers: BTreeMap<&'static str, usize>,
    on: Dialect,
}

impl Arguments {
    /// Reads `--name number …` and `--on sqlite|postgres`; `--help` prints `help` and ends the program.
    pub(crate) fn read(
        mut words: impl Iterator<Item = String>,
        help: &str,
        on: Dialect,
        known: &[(&'static str, usize)],
    ) -> Self {
        let mut read = Self {
            numbers: known.iter().copied().collect(),
            on,
        };
        while let Some(word) = words.next() {
            let name = word.strip_prefix("--").unwrap_or(&word);
            match name {
                // Cargo says so to every benchmark.
                "bench" => {}
                "help" => {
                    println!("{help}");
                    std::process::exit(0);
                }
                "on" => read.on = database(words.next().as_deref()),
                name => {
                    let number = words.next().and_then(|word| word.parse().ok());
                    let known = read.numbers.get_mut(name);
                    let known = known.unwrap_or_else(|| panic!("`{word}` is not known here\n{help}"));
                    *known = number.unwrap_or_else(|| panic!("`{word}` takes a number"));
                }
            }
        }
        read
    }

    /// A number.
    pub(crate) fn number(&self, name: &str) -> usize {
        self.numbers[name]
    }

    /// Which database is measured.
    pub(crate) fn on(&self) -> Dialect {
        self.on
    }
}

/// The database of this name.
pub(crate) fn database(name: Option<&str>) -> Dialect {
    match name {
        Some("sqlite") => Dialect::Sqlite,
        Some("postgres") => Dialect::Postgres,
        other => panic!("`--on` takes sqlite or postgres, and not {other:?}"),
    }
}

/// What it is called where people read it.
pub(crate) fn name(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Sqlite => "SQLite",
        Dialect::Postgres => "PostgreSQL",
    }
}
