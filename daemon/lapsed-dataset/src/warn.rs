//! Who is to be warned as SQL: people whom the same rules make due within the warning's period.
//!
//! Nothing is guessed: the question that a plan asks is asked again with the bounds of a later day. Nobody under a
//! legal hold is warned, and nobody who is due already: their plan comes first.

use lapsed_model::{Bounds, Statement};

use crate::dialect::Words as _;
use crate::key::Spelling;
use crate::sql::Sql;
use crate::{Fitted, Question};

/// For whom warnings are brought up to date.
#[derive(Clone, Copy, Debug)]
pub struct Warned<'a> {
    /// The question as a plan of today asks it.
    pub today: Question<'a>,
    /// The workgroup by the policy's name for it.
    pub workgroup: &'a str,
}

impl Fitted<'_> {
    /// Deletes the rows of people who would not be due at `last`, the last day of the warning's period, or who are
    /// held: they became active again. Who is due by now keeps the row until they are anonymised.
    #[must_use]
    pub fn forget_warnings(&self, warned: &Warned<'_>, last: &Bounds) -> Statement {
        let mut sql = self.pen();
        let rows = self.rows_of(&mut sql, warned);
        let due = self.due_on(&mut sql, warned, last);
        let held = self.held(&mut sql, warned.today.tenant, warned.today.bounds.now);
        sql.finish(format!(
            "DELETE FROM lapsed_warning WHERE {rows} AND (SELECT 1 {due}\n  AND NOT ({held}) LIMIT 1) IS NULL"
        ))
    }

    /// Notes everybody who has no row yet, is not due today, and would be at `last`. The day that stands in the row
    /// is the `last` one; [`Fitted::warnings_due_earlier`] finds the day itself.
    #[must_use]
    pub fn note_warnings(&self, warned: &Warned<'_>, last: &Bounds, last_day: i64) -> Statement {
        let mut sql = self.pen();
        let key = self.key();
        let (kept, person) = (key.kept_person(), key.person(Spelling::Daemon));
        let (of_tenant, of_workgroup) = (
            self.dialect().beside_the_index("w.tenant"),
            self.dialect().beside_the_index("w.workgroup"),
        );
        let tenant = sql.bind(warned.today.tenant.into());
        let workgroup = sql.bind(warned.workgroup.into());
        let now = sql.bind(warned.today.bounds.now.timestamp_millis().into());
        let last_day = sql.bind(last_day.into());
        let people = self.people(&mut sql, warned.today.workgroup);
        let later = self.judged_due(&mut sql, &warned.today.at(last));
        let today = self.judged_due(&mut sql, &warned.today);
        let held = self.held(&mut sql, warned.today.tenant, warned.today.bounds.now);
        sql.finish(format!(
            "INSERT INTO lapsed_warning (tenant, workgroup, subject, warn_at, due_at, noted_at)\n\
             SELECT {tenant}, {workgroup}, {kept}, {now}, {last_day}, {now} {people}\n  \
             AND (SELECT 1 FROM lapsed_warning w WHERE w.subject = {person} AND {of_tenant} = {tenant} \
             AND {of_workgroup} = {workgroup} LIMIT 1) IS NULL{later}\n  \
             AND NOT (TRUE{today})\n  AND NOT ({held})"
        ))
    }

    /// Moves the rows of people who were noted today, and stand at `day_after`, to `day` if they would be due then
    /// already. From the last day back to tomorrow this finds everybody's first one; where it moves nobody, no
    /// earlier day will: who is due one day is due on every later one, as long as nothing happens.
    #[must_use]
    pub fn warnings_due_earlier(
        &self,
        warned: &Warned<'_>,
        bounds: &Bounds,
        day: i64,
        day_after: i64,
    ) -> Statement {
        let mut sql = self.pen();
        let rows = self.rows_of(&mut sql, warned);
        let now = sql.bind(warned.today.bounds.now.timestamp_millis().into());
        let (day, day_after) = (sql.bind(day.into()), sql.bind(day_after.into()));
        let due = self.due_on(&mut sql, warned, bounds);
        sql.finish(format!(
            "UPDATE lapsed_warning SET due_at = {day} WHERE {rows} AND warn_at = {now} AND due_at = {day_after}\n  \
             AND (SELECT 1 {due} LIMIT 1) IS NOT NULL"
        ))
    }

    fn rows_of(&self, sql: &mut Sql, warned: &Warned<'_>) -> String {
        let tenant = sql.bind(warned.today.tenant.into());
        let workgroup = sql.bind(warned.workgroup.into());
        format!("tenant = {tenant} AND workgroup = {workgroup}")
    }

    /// `FROM … WHERE …` for the person of a row, if they are due at other bounds.
    fn due_on(&self, sql: &mut Sql, warned: &Warned<'_>, bounds: &Bounds) -> String {
        let key = self.key();
        let (column, noted) = (
            key.column(),
            key.held_in("lapsed_warning.subject", Spelling::Platform),
        );
        let people = self.people(sql, warned.today.workgroup);
        let due = self.judged_due(sql, &warned.today.at(bounds));
        format!("{people}\n  AND s.{column} = {noted}{due}")
    }

    /// ` AND …` for whom no rule keeps and some rule makes due.
    fn judged_due(&self, sql: &mut Sql, question: &Question<'_>) -> String {
        let kept = self.kept_by_none(sql, question);
        let any = self.any(sql, &self.dataset.rules.candidates, question);
        format!("{kept}\n  AND ({any})")
    }
}

impl<'a> Question<'a> {
    /// The same question at other bounds.
    #[must_use]
    pub fn at(self, bounds: &'a Bounds) -> Question<'a> {
        Question { bounds, ..self }
    }
}
