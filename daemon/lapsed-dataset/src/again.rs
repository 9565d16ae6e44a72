//! Finding people again whom a restored backup brought back.

use lapsed_model::{Statement, SubjectKey};

use crate::Fitted;
use crate::sql::{Sql, quote};

/// How many people a page has.
const PAGE: u32 = 20_000;

impl Fitted<'_> {
    /// The next people behind `after` who were not anonymised, in key order: one JSON text with `[subject, null, created]`
    /// per person, and none where there are no more.
    ///
    /// Of whatever workgroup they are: a backup brings people back into the workgroup of that day, and who belongs to
    /// several is among them too. These people were erased once, and are not judged.
    #[must_use]
    pub fn page_of_people(&self, after: Option<&SubjectKey>) -> Statement {
        let subject = &self.dataset.subject;
        let (table, key) = (quote(&subject.table.value), quote(&subject.key.value));
        let mut sql = Sql::default();
        let behind = after.map_or(format!("s.{key} IS NOT NULL"), |after| {
            let after = sql.bind(after.to_value());
            format!("s.{key} > {after}")
        });
        let (identified, created) = (self.is_identified(), self.created());
        sql.finish(format!(
            "SELECT json_group_array(json_array(subject, NULL, created)) FROM (SELECT s.{key} AS subject, {created} AS created \
             FROM {table} s WHERE {identified} AND {behind} ORDER BY s.{key} LIMIT {PAGE})"
        ))
    }

    /// Drops from the batch who is gone, or was anonymised meanwhile.
    #[must_use]
    pub fn still_there(&self) -> Statement {
        let subject = &self.dataset.subject;
        let (table, key) = (quote(&subject.table.value), quote(&subject.key.value));
        let identified = self.is_identified();
        Sql::default().finish(format!(
            "DELETE FROM lapsed_batch WHERE (SELECT 1 FROM {table} s WHERE s.{key} = lapsed_batch.subject AND {identified} \
             LIMIT 1) IS NULL"
        ))
    }
}
