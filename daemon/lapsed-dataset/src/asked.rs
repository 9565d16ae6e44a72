//! What people asked for and nobody answered, as SQL (D-2).
//!
//! Whoever wants to know what is stored, or to have it put right, must have an answer before there is nothing left to
//! answer from. So the automatic way leaves them alone until then, and for everybody else it is open business. It is
//! one question per statement as long as nobody waits for an answer; a request goes with the person into another
//! workgroup and to another tenant.

use lapsed_model::{Statement, SubjectKey};

use crate::Fitted;
use crate::key::Spelling;

/// Requests `q` that erasing would leave without an answer.
const UNANSWERED: &str = "q.state = 'open' AND q.kind <> 'erasure'";

/// What the daemon keeps of a person by key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Noted {
    /// A hold.
    Hold,
    /// A request.
    Request,
}

impl Noted {
    fn table(self) -> &'static str {
        match self {
            Noted::Hold => "lapsed_hold",
            Noted::Request => "lapsed_request",
        }
    }
}

impl Fitted<'_> {
    /// Whether person `s` waits for an answer.
    pub(crate) fn awaits_answer(&self) -> String {
        let key = self.key().person(Spelling::Daemon);
        let same = self.same_record("q");
        format!(
            "((SELECT 1 FROM lapsed_request q WHERE {UNANSWERED} LIMIT 1) IS NOT NULL\n      \
             AND (SELECT 1 FROM lapsed_request q WHERE {UNANSWERED} AND q.subject = {key} AND {same} LIMIT 1) IS NOT NULL)"
        )
    }

    /// The requests for which a person waits for an answer: rows of the request's id, those first that are due first.
    #[must_use]
    pub fn unanswered(&self, subject: &SubjectKey) -> Statement {
        let mut sql = self.pen();
        let subject = self.key().bound(&mut sql, subject, Spelling::Daemon);
        let same = self.same_record("q");
        sql.finish(format!(
            "SELECT q.id FROM lapsed_request q WHERE {UNANSWERED} AND q.subject = {subject} AND {same} ORDER BY q.due_at, q.id"
        ))
    }

    /// Answers a row where the key that a hold or a request was written down with belongs to somebody else by now: the
    /// platform handed it out again.
    #[must_use]
    pub fn is_somebody_else(&self, noted: Noted, id: &str) -> Statement {
        let mut sql = self.pen();
        let (id, same) = (sql.bind(id.into()), self.same_record("n"));
        sql.finish(format!(
            "SELECT 1 FROM {} n WHERE n.id = {id} AND NOT {same}",
            noted.table()
        ))
    }
}
