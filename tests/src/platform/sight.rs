//! Everything there is to see in a store, for stories that prove that something is gone, or that nothing changed.

use std::collections::BTreeMap;

use lapsed_model::{Dialect, Value};
use lapsed_store::Address;

use super::{Platform, text};

/// Each value that PostgreSQL's planner remembers of a table's columns.
const SAMPLES: &str = "SELECT v FROM pg_stats, unnest(most_common_vals::text::text[]) v \
        WHERE schemaname NOT IN ('pg_catalog', 'information_schema') \
    UNION ALL SELECT v FROM pg_stats, unnest(histogram_bounds::text::text[]) v \
        WHERE schemaname NOT IN ('pg_catalog', 'information_schema') \
    UNION ALL SELECT v FROM pg_stats, unnest(most_common_elems::text::text[]) v \
        WHERE schemaname NOT IN ('pg_catalog', 'information_schema') \
    UNION ALL SELECT v FROM pg_stats_ext, unnest(most_common_vals) v";

impl Platform {
    /// How many samples of what stands in the tables the planner keeps.
    pub async fn samples(&self) -> i64 {
        match self.dialect() {
            Dialect::Sqlite => self.count("sqlite_stat4").await,
            Dialect::Postgres => self.count(&format!("({SAMPLES}) s")).await,
        }
    }

    /// Everything in which a value that was erased could still be found. On SQLite these are the bytes of the store's files; on
    /// PostgreSQL what any query of a superuser can see: every row of every table, and what the planner remembers.
    pub async fn given_away(&self) -> Vec<Vec<u8>> {
        match &self.address {
            Address::File(path) => {
                let file = |ending| std::fs::read(format!("{}{ending}", path.display()));
                let files = ["", "-wal", "-shm"].map(file);
                files
                    .map(|file| file.expect("the log and the index of the log are searched too"))
                    .into()
            }
            Address::Server(_) => {
                let mut seen = Vec::new();
                for table in self.every_table().await {
                    seen.push(self.texts(&format!("SELECT * FROM {table}")).await);
                }
                seen.push(self.texts(SAMPLES).await);
                seen
            }
        }
    }

    async fn texts(&self, sql: &str) -> Vec<u8> {
        let mut texts = Vec::new();
        for row in self.all(sql).await {
            for (_, value) in row {
                if let Value::Text(text) = value {
                    texts.extend_from_slice(text.as_bytes());
                }
                texts.push(0);
            }
        }
        texts
    }

    /// Everything that the store holds, the daemon's own tables included, so that *nothing changed* can be proved: every row of
    /// every table, as text.
    pub async fn whole(&self) -> BTreeMap<String, String> {
        let mut whole = BTreeMap::new();
        for table in self.every_table().await {
            let rows = self.all(&format!("SELECT * FROM {table}")).await;
            let mut rows: Vec<String> = rows.iter().map(|row| format!("{row:?}")).collect();
            rows.sort();
            whole.insert(table, rows.join("\n"));
        }
        whole
    }

    /// Every table, the daemon's own among them, and views that have rows of their own.
    pub(super) async fn every_table(&self) -> Vec<String> {
        let sql = match self.dialect() {
            Dialect::Sqlite => "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name",
            Dialect::Postgres => {
                "SELECT quote_ident(schemaname) || '.' || quote_ident(tablename) FROM pg_tables \
                 WHERE schemaname NOT IN ('pg_catalog', 'information_schema') \
                 UNION SELECT quote_ident(schemaname) || '.' || quote_ident(matviewname) FROM pg_matviews \
                 WHERE ispopulated ORDER BY 1"
            }
        };
        let tables = self.all(sql).await.into_iter();
        tables.map(|row| text(&row[0].1).to_owned()).collect()
    }
}
