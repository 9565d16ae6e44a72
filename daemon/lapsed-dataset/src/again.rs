//! Finding people again: whom a restored backup brought back, and whom a platform took along to another database.

use lapsed_model::{Statement, SubjectKey};

use crate::Fitted;
use crate::dialect::Words as _;
use crate::key::Spelling;
use crate::sql::plain;

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
        let (table, key) = (self.people_table(), self.key());
        let column = key.column();
        let mut sql = self.pen();
        let behind = after.map_or(format!("s.{column} IS NOT NULL"), |after| {
            let after = key.bound(&mut sql, after, Spelling::Platform);
            format!("s.{column} > {after}")
        });
        let (identified, created) = (self.is_identified(), self.created());
        let people = format!(
            "SELECT s.{column} AS subject, {no_rule} AS rule, {created} AS created \
             FROM {table} s WHERE {identified} AND {behind} ORDER BY s.{column} LIMIT {PAGE}",
            no_rule = self.dialect().no_number()
        );
        sql.finish(self.dialect().json_lists("subject, rule, created", &people))
    }

    /// When the records of these people were created, as the store says it: rows of (key, created). Holds, pseudonyms and the
    /// erasure journal know a person by both.
    #[must_use]
    pub fn creations(&self, people: &[SubjectKey]) -> Statement {
        let (table, key) = (self.people_table(), self.key());
        let column = key.column();
        let mut sql = self.pen();
        let keys: Vec<String> = people
            .iter()
            .map(|subject| key.bound(&mut sql, subject, Spelling::Platform))
            .collect();
        let (created, keys) = (self.created(), keys.join(", "));
        sql.finish(format!(
            "SELECT s.{column}, {created} FROM {table} s WHERE s.{column} IN ({keys})"
        ))
    }

    /// Drops from the batch who is gone, or was anonymised meanwhile.
    #[must_use]
    pub fn still_there(&self) -> Statement {
        let (table, key) = (self.people_table(), self.key());
        let (column, in_batch) = (
            key.column(),
            key.held_in("lapsed_batch.subject", Spelling::Platform),
        );
        let identified = self.is_identified();
        plain(format!(
            "DELETE FROM lapsed_batch WHERE (SELECT 1 FROM {table} s WHERE s.{column} = {in_batch} AND {identified} \
             LIMIT 1) IS NULL"
        ))
    }
}
