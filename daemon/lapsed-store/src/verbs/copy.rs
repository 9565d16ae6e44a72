//! Taking the daemon's own records along from a store in a file to one on a server, for operators who outgrow the file.
//!
//! One transaction: either every record is there, or none is. Each row is written as JSON, so that keys of people keep the
//! type that they have, and what the server has kept of it is held against the old row before the next one is read. The
//! chains of the ledger are then as whole as they were. The platform's tables are the platform's to move.

use lapsed_model::{Statement, Value};
use serde_json::{Map, json};

use super::daemon::serving;
use crate::Store;
use crate::error::{Result, StoreError};
use crate::row::{Record, column};
use crate::session::{Beside, Session};
use crate::sql::values;

/// A table whose rows are taken along, and what they are read in the order of. Whoever is referred to comes first.
struct Taken {
    table: &'static str,
    order: &'static [&'static str],
}

const fn taken(table: &'static str, order: &'static [&'static str]) -> Taken {
    Taken { table, order }
}

/// Every table but those that say who serves a store (`lapsed_daemon`), whose turn it is (`lapsed_turn`, made anew by the
/// next start), what lies in its file (`lapsed_remnants`), and which steps it took (`lapsed_migration`).
const TAKEN: [Taken; 22] = [
    taken("lapsed_policy", &["tenant", "hash"]),
    taken("lapsed_policy_in_force", &["tenant"]),
    // Of two plans of one instant the later row is the later plan.
    taken("lapsed_plan", &["rowid"]),
    taken("lapsed_plan_subject", &["plan", "subject"]),
    taken("lapsed_approval", &["plan"]),
    taken("lapsed_erased", &["subject"]),
    taken("lapsed_consent", &["sequence"]),
    taken("lapsed_ledger", &["tenant", "sequence"]),
    taken("lapsed_ledger_head", &["tenant"]),
    taken("lapsed_key", &["id"]),
    taken("lapsed_schedule", &["id"]),
    taken("lapsed_run", &["id"]),
    taken("lapsed_skipped", &["schedule", "first_slot", "reason"]),
    taken("lapsed_pause", &["tenant"]),
    taken("lapsed_hold", &["id"]),
    taken("lapsed_request", &["id"]),
    taken("lapsed_warning", &["subject", "tenant", "workgroup"]),
    taken("lapsed_erasure", &["batch"]),
    taken("lapsed_export", &["id"]),
    taken("lapsed_export_subject", &["export", "subject"]),
    taken("lapsed_scan", &["id"]),
    taken("lapsed_scan_asked", &["only_one"]),
];

/// How many rows travel at a time.
const PIECE: usize = 5_000;

/// How many rows a table has.
pub type Counted = (&'static str, u64);

impl Store {
    /// What [`Store::copy_from`] takes along from this store: the tables that have rows, and how many.
    pub async fn records(&self) -> Result<Vec<Counted>> {
        let mut session = self.read("count the records").await?;
        records(&mut session).await
    }

    /// Copies every record of `old`, a store in a file, into this one, a store on a server that has none as yet. `moved`
    /// hears how many rows went with each step. Nobody may serve either store meanwhile.
    pub async fn copy_from(&self, old: &Store, moved: &(dyn Fn(u64) + Sync)) -> Result<Vec<Counted>> {
        let mut from = old.read("read the old store").await?;
        let mut to = self.write("copy the records", Beside::Nobody).await?;
        refuse_what_is_in_use(&mut to).await?;
        for table in &TAKEN {
            copy_table(&mut from, &mut to, table, moved).await?;
        }
        carry_identity(&mut from, &mut to).await?;
        number_on(&mut from, &mut to).await?;
        let copied = records(&mut to).await?;
        refuse_another_count(&records(&mut from).await?, &copied)?;
        to.commit().await?;
        Ok(copied)
    }
}

async fn records(session: &mut Session) -> Result<Vec<Counted>> {
    let mut records = Vec::new();
    for Taken { table, .. } in &TAKEN {
        let count = ask(session, format!("SELECT count(*) FROM {table}"), Vec::new()).await?;
        let count = count.first().map_or(0, |row| row.get::<i64>(0)).unsigned_abs();
        if count > 0 {
            records.push((*table, count));
        }
    }
    Ok(records)
}

/// Records of two stores cannot be told apart once they are mixed, and a daemon would write between them.
async fn refuse_what_is_in_use(to: &mut Session) -> Result<()> {
    if let Some(by) = serving(to).await?.into_iter().find(|by| by.alive) {
        return Err(StoreError::ServedBy { node: by.node });
    }
    let records = records(to.doing("copy the records")).await?;
    if records.is_empty() {
        return Ok(());
    }
    let tables: Vec<&str> = records.iter().map(|(table, _)| *table).collect();
    Err(StoreError::HasRecords(tables.join(", ")))
}

/// Copies a table piece by piece: its length costs no memory.
async fn copy_table(
    from: &mut Session,
    to: &mut Session,
    table: &Taken,
    moved: &(dyn Fn(u64) + Sync),
) -> Result<()> {
    let names = from
        .all(
            "SELECT name FROM pragma_table_info($1) ORDER BY cid",
            &values![table.table],
        )
        .await?;
    let names: Vec<String> = column(&names);
    let mut last: Option<Vec<Value>> = None;
    loop {
        let piece = piece(from, table, &names, last.as_deref()).await?;
        let Some(end) = piece.last() else { return Ok(()) };
        last = Some(end.values[..table.order.len()].to_vec());
        let rows: Vec<&[Value]> = piece.iter().map(|row| &row.values[table.order.len()..]).collect();
        let kept = insert(to, table.table, &names, &rows).await?;
        refuse_another_row(table.table, &rows, &kept)?;
        moved(rows.len() as u64);
    }
}

/// The next rows behind `last`: first what they are read in the order of, then their columns.
async fn piece(
    from: &mut Session,
    table: &Taken,
    names: &[String],
    last: Option<&[Value]>,
) -> Result<Vec<Record>> {
    let order = table.order.join(", ");
    let behind = last.map_or(String::new(), |last| {
        let marks: Vec<String> = (1..=last.len()).map(|place| format!("${place}")).collect();
        format!("WHERE ({order}) > ({})", marks.join(", "))
    });
    let sql = format!(
        "SELECT {order}, {columns} FROM {table} {behind} ORDER BY {order} LIMIT {PIECE}",
        columns = quoted(names),
        table = table.table,
    );
    ask(from, sql, last.unwrap_or_default().to_vec()).await
}

/// Writes rows, and answers what was kept of them.
async fn insert(to: &mut Session, table: &str, names: &[String], rows: &[&[Value]]) -> Result<Vec<Record>> {
    let object = |row: &&[Value]| {
        let pairs = names
            .iter()
            .zip(*row)
            .map(|(name, value)| (name.clone(), json!(value)));
        serde_json::Value::Object(pairs.collect::<Map<_, _>>())
    };
    let rows: Vec<serde_json::Value> = rows.iter().map(object).collect();
    let columns = quoted(names);
    let sql = format!(
        "INSERT INTO {table} ({columns}) SELECT {columns} \
         FROM jsonb_populate_recordset(CAST(NULL AS {table}), CAST($1 AS jsonb)) RETURNING {columns}"
    );
    ask(to, sql, values![json!(rows).to_string()].to_vec()).await
}

/// The journal goes on, and every backup is known again: the new store is the old one.
async fn carry_identity(from: &mut Session, to: &mut Session) -> Result<()> {
    let id: String = from.one("SELECT id FROM lapsed_identity", &[]).await?.get(0);
    to.run("UPDATE lapsed_identity SET id = $1", &values![id])
        .await
        .map(|_| ())
}

/// The next numbers come behind those that were given out, and so does the next start: runs of the old store's daemons must
/// not seem to be those of a new one.
async fn number_on(from: &mut Session, to: &mut Session) -> Result<()> {
    let seen = from
        .one(
            "SELECT max(coalesce((SELECT start FROM lapsed_daemon), 0), coalesce((SELECT max(owner) FROM lapsed_run), 0))",
            &[],
        )
        .await?;
    to.all(
        include_str!("../../sql/postgres/copy_number_on.sql"),
        &values![seen.get::<i64>(0)],
    )
    .await
    .map(|_| ())
}

fn refuse_another_row(table: &'static str, old: &[&[Value]], kept: &[Record]) -> Result<()> {
    let same = old.len() == kept.len() && old.iter().zip(kept).all(|(old, kept)| *old == kept.values);
    if same {
        Ok(())
    } else {
        Err(StoreError::NotTheSame(table))
    }
}

fn refuse_another_count(old: &[Counted], copied: &[Counted]) -> Result<()> {
    let differs = old.iter().find(|counted| !copied.contains(counted));
    differs.map_or(Ok(()), |(table, _)| Err(StoreError::NotTheSame(table)))
}

/// The columns of a table of ours, as a list.
fn quoted(names: &[String]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("\"{name}\"")).collect();
    quoted.join(", ")
}

/// The rows of a statement that is put together from names of our own tables.
async fn ask(session: &mut Session, sql: String, binds: Vec<Value>) -> Result<Vec<Record>> {
    session.rows_of(&Statement { sql, binds }).await
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a store in a file has and the next one makes for itself.
    const LEFT: [&str; 4] = [
        "lapsed_daemon",
        "lapsed_identity",
        "lapsed_remnants",
        "lapsed_turn",
    ];

    #[test]
    fn every_table_is_taken_along_or_left_on_purpose() {
        let steps = concat!(
            include_str!("../../migrations/sqlite/0001_the_first_tables.sql"),
            include_str!("../../migrations/sqlite/0002_schedules_holds_and_the_journal.sql"),
            include_str!("../../migrations/sqlite/0003_exports.sql"),
            include_str!("../../migrations/sqlite/0004_look_ups.sql")
        );
        let made = steps
            .lines()
            .filter_map(|line| line.strip_prefix("CREATE TABLE "));
        let mut made: Vec<&str> = made
            .map(|rest| rest.split(' ').next().unwrap_or_default())
            .collect();
        let mut known: Vec<&str> = TAKEN.iter().map(|taken| taken.table).chain(LEFT).collect();
        made.sort_unstable();
        known.sort_unstable();
        assert_eq!(made, known);
    }
}
