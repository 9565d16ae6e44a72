//! Whether both sides found the same people and left the same store: a script that does something else proves nothing.

use lapsed_model::Plan;
use lapsed_store::Address;

use super::Script;
use super::connection::Connection;
use crate::shared::stores::Home;

impl Script {
    /// Panics unless the last plans of both sides name the same people by the same rules.
    pub(crate) async fn planned_the_same(&mut self, plans: &[Plan]) {
        let subject = match self.connection {
            Connection::Sqlite(_) => "subject",
            Connection::Postgres(_) => "CAST(subject AS bigint)",
        };
        let mut people = 0;
        for Plan {
            id,
            store_key,
            subjects,
            ..
        } in plans
        {
            people += subjects;
            let sql = format!(
                "SELECT (SELECT count(*) FROM (SELECT {subject}, rule FROM lapsed_plan_subject WHERE plan = '{id}' \
                 EXCEPT SELECT subject, rule FROM script_plan WHERE workgroup = '{store_key}') differ), \
                 (SELECT count(*) FROM script_plan WHERE workgroup = '{store_key}')"
            );
            let found = self.connection.numbers::<2>(&sql).await;
            assert_eq!(found, [[0, subjects.cast_signed()]], "the plans of {store_key}");
        }
        assert!(people > 0, "a sweep of nobody measures nothing");
    }

    /// Panics unless this store and ours, by that name, hold the same in every table of the platform, and as many
    /// consents.
    pub(crate) async fn erased_the_same(&mut self, home: &Home, ours: &str) {
        match &mut self.connection {
            Connection::Sqlite(_) => self.same_as_file(home.place(ours).address).await,
            Connection::Postgres(_) => self.same_as_database(home, ours).await,
        }
    }

    async fn same_as_file(&mut self, ours: Address) {
        self.connection.bare(&format!("ATTACH '{ours}' AS ours")).await;
        let tables = "SELECT t.name || '|' || group_concat('x.\"' || c.name || '\" IS NOT y.\"' || c.name || '\"', ' OR ') \
                      FROM sqlite_schema t JOIN pragma_table_info(t.name) c \
                      WHERE t.type = 'table' AND t.name NOT LIKE 'lapsed%' AND t.name NOT LIKE 'script%' \
                      AND t.name NOT LIKE 'sqlite%' GROUP BY t.name";
        let tables = self.connection.texts(tables).await;
        assert!(!tables.is_empty(), "a platform has tables");
        for table in tables {
            let (name, differs) = table.split_once('|').expect("two parts");
            let sql = format!(
                "SELECT (SELECT count(*) FROM main.{name} x LEFT JOIN ours.{name} y ON y.id = x.id WHERE {differs}), \
                 (SELECT count(*) FROM main.{name}) - (SELECT count(*) FROM ours.{name})"
            );
            let differ = self.connection.numbers::<2>(&sql).await;
            assert_eq!(differ, [[0, 0]], "rows of {name} that differ");
        }
        let consents =
            "SELECT (SELECT count(*) FROM main.lapsed_consent) - (SELECT count(*) FROM ours.lapsed_consent)";
        assert_eq!(
            self.connection.numbers(consents).await,
            [[0]],
            "consents that differ"
        );
        self.connection.bare("DETACH ours").await;
    }

    /// Two databases cannot be asked in one statement, so their rows are counted and their digests added up.
    async fn same_as_database(&mut self, home: &Home, ours: &str) {
        let mut other = Connection::to(home, ours).await;
        let tables = "SELECT CAST(tablename AS text) FROM pg_tables \
                      WHERE schemaname = 'public' AND tablename NOT LIKE 'script%' \
                      UNION ALL SELECT 'lapsed.lapsed_consent' ORDER BY 1";
        let tables = self.connection.texts(tables).await;
        assert!(tables.len() > 1, "a platform has tables");
        for table in tables {
            let sql = format!(
                "SELECT count(*), CAST(coalesce(sum(hashtext(CAST(x AS text))), 0) AS bigint) FROM {table} x"
            );
            let (theirs, ours) = (
                self.connection.numbers::<2>(&sql).await,
                other.numbers::<2>(&sql).await,
            );
            assert_eq!(theirs, ours, "rows of {table} that differ");
        }
        other.close().await;
    }
}
