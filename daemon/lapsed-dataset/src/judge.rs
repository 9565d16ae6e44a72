//! The rules as SQL: who is due, by which rule.
//!
//! Every test is a correlated probe, `(SELECT 1 FROM (fact) f WHERE f.subject = … LIMIT 1) IS [NOT] NULL`: both
//! databases answer it from an index, so that a workgroup costs what it holds and not what the store holds.
//! (`EXISTS` reads the same and is turned into hash joins over whole tables by PostgreSQL.)
//!
//! Before any rule comes the legal hold: every statement here leaves out who is under one. The automatic way leaves
//! out whoever waits for an answer, too (D-2).
//!
//! Two statements say the same thing. [`Fitted::count`] wants to know which rule keeps a person, so it asks in
//! the order of R-3. [`Fitted::save`] wants to know only *whether* one does, so it asks the cheapest rules first.

use lapsed_model::{Bounds, Rule, Statement, SubjectKey, Switch, Test, Verdict};

use crate::Fitted;
use crate::dialect::Words as _;
use crate::key::Spelling;
use crate::reading::Compared;
use crate::sql::{Sql, plain};

/// Whom to judge, and by what.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// Whose workgroup it is: legal holds are the tenant's.
    pub tenant: &'a str,
    /// The store's key of the workgroup.
    pub workgroup: &'a str,
    /// Now and the cut-off.
    pub bounds: &'a Bounds,
    /// What the policy turned on.
    pub switches: &'a [Switch],
}

/// What a batch is asked once more before anything is done to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recheck {
    /// The automatic way: whether the same rules still make the person due.
    Due,
    /// The manual way: whether still nothing is open, and nobody waits for an answer.
    NothingOpen,
    /// The manual way, by somebody who knows what is open: whether the person is there and not yet anonymised.
    There,
}

/// The verdict on who is under a legal hold, as a number; no dataset has so many rules.
const HELD: i64 = -1_000_000_000;

/// The verdict on who waits for an answer.
const AWAITS_ANSWER: i64 = HELD + 1;

/// Verdicts travel through SQL as numbers: candidates' rules from 1 upwards, keeps from -1 downwards.
#[must_use]
pub fn decode_verdict(number: i64) -> Verdict {
    if number == HELD {
        return Verdict::Held;
    }
    if number == AWAITS_ANSWER {
        return Verdict::AwaitsAnswer;
    }
    let place = usize::try_from(number.unsigned_abs()).unwrap_or_default();
    match number.signum() {
        1 => Verdict::Due(place - 1),
        -1 => Verdict::Kept(place - 1),
        _ => Verdict::NotDue,
    }
}

impl Fitted<'_> {
    /// Counts a workgroup's people: rows of (verdict, people).
    #[must_use]
    pub fn count(&self, question: &Question<'_>) -> Statement {
        let mut sql = self.pen();
        let people = self.people(&mut sql, question.workgroup);
        let verdict = self.verdict(&mut sql, question);
        sql.finish(format!(
            "SELECT verdict, count(*) AS people\nFROM (SELECT {verdict} AS verdict\n{people}) judged\nGROUP BY verdict"
        ))
    }

    /// Lists who is due: rows of (subject, verdict) in key order.
    #[must_use]
    pub fn list(&self, question: &Question<'_>) -> Statement {
        let mut sql = self.pen();
        let due = self.due(&mut sql, question);
        sql.finish(format!(
            "{due}\nSELECT subject, rule AS verdict FROM due WHERE rule IS NOT NULL ORDER BY subject"
        ))
    }

    /// The same for one person: a row, or none.
    #[must_use]
    pub fn list_one(&self, question: &Question<'_>, subject: &SubjectKey) -> Statement {
        let mut sql = self.pen();
        let due = self.due_among(&mut sql, question, Some(subject));
        sql.finish(format!(
            "{due}\nSELECT subject, rule AS verdict FROM due WHERE rule IS NOT NULL"
        ))
    }

    /// Stores who is due as the subjects of plan `plan`.
    #[must_use]
    pub fn save(&self, question: &Question<'_>, plan: &str) -> Statement {
        let mut sql = self.pen();
        let due = self.due(&mut sql, question);
        let (plan, subject) = (sql.bind(plan.into()), self.key().kept("subject"));
        sql.finish(format!(
            "INSERT INTO lapsed_plan_subject (plan, subject, rule)\n{due}\n\
             SELECT {plan}, {subject}, rule FROM due WHERE rule IS NOT NULL ORDER BY due.subject"
        ))
    }

    /// Stores one person as the only subject of a plan, if the rules make them due.
    #[must_use]
    pub fn save_one_due(&self, question: &Question<'_>, subject: &SubjectKey, plan: &str) -> Statement {
        let mut sql = self.pen();
        let due = self.due_among(&mut sql, question, Some(subject));
        let (plan, subject) = (sql.bind(plan.into()), self.key().kept("subject"));
        sql.finish(format!(
            "INSERT INTO lapsed_plan_subject (plan, subject, rule)\n{due}\n\
             SELECT {plan}, {subject}, rule FROM due WHERE rule IS NOT NULL"
        ))
    }

    /// Stores one person as the only subject of a plan: staff or the person decided, and no rule. A legal hold binds
    /// them too.
    #[must_use]
    pub fn save_one(&self, question: &Question<'_>, subject: &SubjectKey, plan: &str) -> Statement {
        let mut sql = self.pen();
        let people = self.people(&mut sql, question.workgroup);
        let held = self.held(&mut sql, question.tenant, question.bounds.now);
        let (key, no_rule) = (self.key(), self.dialect().no_number());
        let (column, kept) = (key.column(), key.kept_person());
        let (plan, subject) = (
            sql.bind(plan.into()),
            key.bound(&mut sql, subject, Spelling::Platform),
        );
        sql.finish(format!(
            "INSERT INTO lapsed_plan_subject (plan, subject, rule)\n\
             SELECT {plan}, {kept}, {no_rule} {people} AND s.{column} = {subject}\n  AND NOT ({held})"
        ))
    }

    /// Puts one person into the batch, whoever it is, to try the erasure on.
    #[must_use]
    pub fn anybody(&self) -> Statement {
        let (table, key, identified) = (self.people_table(), self.key(), self.is_identified());
        let (column, kept) = (key.column(), key.kept_person());
        plain(format!(
            "INSERT INTO lapsed_batch (subject) SELECT {kept} FROM {table} s\n\
             WHERE s.{column} IS NOT NULL AND {identified} LIMIT 1"
        ))
    }

    /// Drops from the batch whom `asked` does not confirm, who is under a legal hold by now, who was erased
    /// meanwhile, and who is gone from the workgroup.
    #[must_use]
    pub fn recheck(&self, question: &Question<'_>, asked: Recheck) -> Statement {
        let mut sql = self.pen();
        let people = self.people(&mut sql, question.workgroup);
        let key = self.key();
        let (column, in_batch) = (
            key.column(),
            key.held_in("lapsed_batch.subject", Spelling::Platform),
        );
        let confirmed = match asked {
            Recheck::Due => {
                let kept = self.kept_by_none(&mut sql, question);
                let any = self.any(&mut sql, &self.dataset.rules.candidates, question);
                format!("{kept}\n  AND ({any})\n  AND NOT {}", self.awaits_answer())
            }
            Recheck::NothingOpen => format!(
                "\n  AND NOT ({})\n  AND NOT {}",
                self.any(&mut sql, &self.dataset.rules.open, question),
                self.awaits_answer()
            ),
            Recheck::There => String::new(),
        };
        let held = self.held(&mut sql, question.tenant, question.bounds.now);
        sql.finish(format!(
            "DELETE FROM lapsed_batch WHERE (SELECT 1 {people}\n  AND s.{column} = {in_batch}{confirmed}\n  \
             AND NOT ({held}) LIMIT 1) IS NULL"
        ))
    }

    /// Counts the people whom no rule can ever make due, whatever time passes: nothing that a candidate's rule
    /// looks at ever happened to them.
    #[must_use]
    pub fn out_of_reach(&self, question: &Question<'_>) -> Statement {
        let mut sql = self.pen();
        let people = self.people(&mut sql, question.workgroup);
        let mut reaches: Vec<String> = Vec::new();
        for (_, rule) in self.on(&self.dataset.rules.candidates, question.switches) {
            let without = self.without(rule);
            let timeless = if rule.is == Test::Present {
                ""
            } else {
                " AND f.at IS NOT NULL"
            };
            let probe = self.probe(&rule.fact, timeless);
            reaches.push(format!("\n  AND NOT ({probe} IS NOT NULL{without})"));
        }
        sql.finish(format!("SELECT count(*) AS people {people}{}", reaches.concat()))
    }

    /// A common table `due` of (subject, rule) with everybody whom no rule keeps; the rule is null where no
    /// candidate's rule holds. It is materialised so that each rule is asked once.
    fn due(&self, sql: &mut Sql, question: &Question<'_>) -> String {
        self.due_among(sql, question, None)
    }

    fn due_among(&self, sql: &mut Sql, question: &Question<'_>, only: Option<&SubjectKey>) -> String {
        let key = self.key();
        let column = key.column();
        let people = self.people(sql, question.workgroup);
        let only = only.map_or(String::new(), |subject| {
            format!(
                " AND s.{column} = {}",
                key.bound(sql, subject, Spelling::Platform)
            )
        });
        let kept = self.kept_by_none(sql, question);
        let held = self.held(sql, question.tenant, question.bounds.now);
        let awaits = self.awaits_answer();
        let rule = self.cases(sql, &self.dataset.rules.candidates, question, 1);
        let rule = if rule.is_empty() {
            self.dialect().no_number().to_owned()
        } else {
            format!("CASE{rule} END")
        };
        format!(
            "WITH due (subject, rule) AS MATERIALIZED (\nSELECT s.{column}, {rule}\n{people}{only}{kept}\n  \
             AND NOT ({held})\n  AND NOT {awaits})"
        )
    }

    fn verdict(&self, sql: &mut Sql, question: &Question<'_>) -> String {
        let keeps = self.cases(sql, &self.dataset.rules.keeps, question, -1);
        let candidates = self.cases(sql, &self.dataset.rules.candidates, question, 1);
        let held = self.held(sql, question.tenant, question.bounds.now);
        let awaits = self.awaits_answer();
        format!(
            "CASE\n  WHEN {held} THEN {HELD}\n  WHEN {awaits} THEN {AWAITS_ANSWER}{keeps}{candidates} ELSE 0 END"
        )
    }

    fn cases(&self, sql: &mut Sql, rules: &[Rule], question: &Question<'_>, sign: i64) -> String {
        self.on(rules, question.switches)
            .map(|(place, rule)| {
                let number = sign * (i64::try_from(place).unwrap_or(i64::MAX - 1) + 1);
                format!(
                    "\n  WHEN {} THEN {number}",
                    self.holds(sql, rule, question.bounds)
                )
            })
            .collect()
    }

    /// ` AND … IS NULL` for every keep that is on, the cheapest first.
    pub(crate) fn kept_by_none(&self, sql: &mut Sql, question: &Question<'_>) -> String {
        let mut keeps: Vec<&Rule> = self
            .on(&self.dataset.rules.keeps, question.switches)
            .map(|(_, rule)| rule)
            .collect();
        keeps.sort_by_key(|rule| self.cost(&rule.fact));
        keeps
            .into_iter()
            .map(|rule| format!("\n  AND NOT ({})", self.holds(sql, rule, question.bounds)))
            .collect()
    }

    /// Whether any of the rules that are on holds.
    pub(crate) fn any(&self, sql: &mut Sql, rules: &[Rule], question: &Question<'_>) -> String {
        let holds: Vec<String> = self
            .on(rules, question.switches)
            .map(|(_, rule)| self.holds(sql, rule, question.bounds))
            .collect();
        if holds.is_empty() {
            "FALSE".to_owned()
        } else {
            holds.join("\n    OR ")
        }
    }

    /// The rules that the policy did not turn off, with their places.
    fn on<'r>(&self, rules: &'r [Rule], switches: &'r [Switch]) -> impl Iterator<Item = (usize, &'r Rule)> {
        rules
            .iter()
            .enumerate()
            .filter(move |(_, rule)| rule.is_on(switches))
    }

    fn holds(&self, sql: &mut Sql, rule: &Rule, bounds: &Bounds) -> String {
        let condition = self.condition(sql, rule, bounds);
        format!(
            "{} IS NOT NULL{}",
            self.probe(&rule.fact, &condition),
            self.without(rule)
        )
    }

    fn condition(&self, sql: &mut Sql, rule: &Rule, bounds: &Bounds) -> String {
        let fact = self.fact(&rule.fact);
        let compared = Compared {
            test: rule.is,
            bounds,
            never_ends: fact.never_ends,
            date_is: fact.date_is,
        };
        self.written(fact).condition(sql, "f.at", &compared)
    }

    fn without(&self, rule: &Rule) -> String {
        rule.without
            .iter()
            .map(|fact| format!(" AND {} IS NULL", self.probe(fact, "")))
            .collect()
    }

    fn probe(&self, fact: &str, condition: &str) -> String {
        let query = &self.fact(fact).query.value;
        let person = self.key().person(self.spelling(query));
        format!("(SELECT 1 FROM ({query}) f WHERE f.subject = {person}{condition} LIMIT 1)")
    }
}
