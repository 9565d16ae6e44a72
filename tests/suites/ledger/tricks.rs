//! What somebody who can write to the store might do to the ledger.

use lapsed_model::{Digest, Entry, Head, Key, Sealed};
use lapsed_tests::World;

/// Something done to a ledger with plain SQL. Entries are named by their numbers, which begin with 1.
#[derive(Clone, Debug)]
pub(crate) enum Trick {
    /// A column of an entry says something else.
    Edit(u64, &'static str),
    /// Entries are gone.
    Delete(Vec<u64>),
    /// Two entries changed places.
    Swap(u64, u64),
    /// A column of two entries changed places.
    SwapColumn(u64, u64, &'static str),
    /// The entries between these two stand in the opposite order.
    Reverse(u64, u64),
    /// An entry that nobody made stands before this number, and all behind it moved on.
    Insert(u64),
    /// An entry that nobody made stands at the end, and the head names it.
    Append,
    /// The payload of an entry is gone before its time.
    Empty(u64),
    /// The head names another number.
    HeadSequence(i64),
    /// The head has another hash.
    HeadHash,
    /// The head is gone.
    NoHead,
    /// The entry's payload says something else, and it and all behind it were sealed anew, with a key of the
    /// forger's own under the name of ours; the head fits.
    SealAnew(u64),
    /// The last entries are gone, and the head names the last that is left.
    Truncate(u64),
}

impl Trick {
    /// The columns of an entry.
    pub(crate) const COLUMNS: [&'static str; 9] = [
        "tenant",
        "at",
        "kind",
        "payload",
        "salt",
        "payload_digest",
        "hash",
        "key",
        "mac",
    ];

    /// Columns that no two entries have in common.
    pub(crate) const OWN_COLUMNS: [&'static str; 5] = ["payload", "salt", "payload_digest", "hash", "mac"];

    /// Whether only a head that was written down elsewhere can tell: what is left is whole in itself.
    pub(crate) fn leaves_a_whole_chain(&self) -> bool {
        matches!(self, Trick::Truncate(_))
    }

    /// Does it.
    pub(crate) async fn play(&self, world: &World, ledger: &[Sealed]) {
        for sql in self.statements(ledger) {
            world.platform.run(&sql).await;
        }
    }

    fn statements(&self, ledger: &[Sealed]) -> Vec<String> {
        let last = ledger.len() as u64;
        match self {
            Trick::Edit(entry, column) => vec![edit(*entry, column)],
            Trick::Delete(entries) => entries
                .iter()
                .map(|entry| delete(&format!("= {entry}")))
                .collect(),
            Trick::Swap(one, other) => swap(*one, *other),
            Trick::SwapColumn(one, other, column) => vec![format!(
                "UPDATE lapsed_ledger SET {column} = \
                 (SELECT o.{column} FROM lapsed_ledger o WHERE o.sequence = {one} + {other} - lapsed_ledger.sequence) \
                 WHERE sequence IN ({one}, {other})"
            )],
            Trick::Reverse(from, to) => vec![
                renumber(
                    &format!("-({from} + {to} - sequence)"),
                    &format!("BETWEEN {from} AND {to}"),
                ),
                renumber("-sequence", "< 0"),
            ],
            Trick::Insert(at) => {
                let mut statements = vec![
                    renumber("-(sequence + 1)", &format!(">= {at}")),
                    renumber("-sequence", "< 0"),
                ];
                let before = ledger.get(usize::try_from(*at).expect("a short ledger").wrapping_sub(2));
                statements.push(insert(&forged(
                    before.map(Sealed::head).as_ref(),
                    &ledger[0].entry,
                    "{}",
                )));
                statements.push(format!("UPDATE lapsed_ledger_head SET sequence = {}", last + 1));
                statements
            }
            Trick::Append => {
                let entry = forged(ledger.last().map(Sealed::head).as_ref(), &ledger[0].entry, "{}");
                vec![insert(&entry), name_head(&entry.head())]
            }
            Trick::Empty(entry) => {
                vec![format!(
                    "UPDATE lapsed_ledger SET payload = NULL WHERE sequence = {entry}"
                )]
            }
            Trick::HeadSequence(by) => {
                vec![format!(
                    "UPDATE lapsed_ledger_head SET sequence = sequence + {by}"
                )]
            }
            Trick::HeadHash => vec![format!("UPDATE lapsed_ledger_head SET hash = '{}'", Digest::ZERO)],
            Trick::NoHead => vec!["DELETE FROM lapsed_ledger_head".to_owned()],
            Trick::SealAnew(from) => seal_anew(*from, ledger),
            Trick::Truncate(after) => {
                let left = &ledger[usize::try_from(*after).expect("a short ledger") - 1];
                vec![delete(&format!("> {after}")), name_head(&left.head())]
            }
        }
    }
}

/// Another value that a column could well have.
fn edit(entry: u64, column: &str) -> String {
    let value = match column {
        "tenant" => "'neighbour'".to_owned(),
        "at" => "at + 1".to_owned(),
        "kind" => "kind || 's'".to_owned(),
        "payload" => "payload || ' '".to_owned(),
        "key" => "'second'".to_owned(),
        // The other columns are hex digits: the first one becomes another.
        digits => {
            format!("CASE substr({digits}, 1, 1) WHEN '0' THEN '1' ELSE '0' END || substr({digits}, 2)")
        }
    };
    format!("UPDATE lapsed_ledger SET {column} = {value} WHERE sequence = {entry}")
}

fn delete(which: &str) -> String {
    format!("DELETE FROM lapsed_ledger WHERE sequence {which}")
}

/// By way of negative numbers, so that no two entries meet.
fn swap(one: u64, other: u64) -> Vec<String> {
    vec![
        renumber(
            &format!("-({one} + {other} - sequence)"),
            &format!("IN ({one}, {other})"),
        ),
        renumber("-sequence", "< 0"),
    ]
}

fn renumber(to: &str, which: &str) -> String {
    format!("UPDATE lapsed_ledger SET sequence = {to} WHERE sequence {which}")
}

/// An entry that looks like `like`, sealed by somebody who has not got the key.
fn forged(before: Option<&Head>, like: &Entry, payload: &str) -> Sealed {
    let entry = Entry {
        payload: payload.to_owned(),
        ..like.clone()
    };
    entry.seal(before, "5a17", &Key::new("first", [9; 32]))
}

fn seal_anew(from: u64, ledger: &[Sealed]) -> Vec<String> {
    let (kept, rewritten) = ledger.split_at(usize::try_from(from).expect("a short ledger") - 1);
    let mut head = kept.last().map(Sealed::head);
    let mut statements = vec![delete(&format!(">= {from}"))];
    for (index, sealed) in rewritten.iter().enumerate() {
        let payload = if index == 0 { "{}" } else { &sealed.entry.payload };
        let entry = forged(head.as_ref(), &sealed.entry, payload);
        head = Some(entry.head());
        statements.push(insert(&entry));
    }
    statements.extend(head.as_ref().map(name_head));
    statements
}

fn insert(Sealed { entry, link, .. }: &Sealed) -> String {
    format!(
        "INSERT INTO lapsed_ledger (tenant, sequence, at, kind, payload, salt, payload_digest, hash, key, mac) \
         VALUES ('{}', {}, {}, '{}', '{}', '{}', '{}', '{}', '{}', '{}')",
        entry.tenant,
        link.sequence,
        entry.at.timestamp_millis(),
        entry.kind,
        entry.payload,
        link.salt,
        link.payload_digest,
        link.hash,
        link.key,
        link.mac
    )
}

fn name_head(head: &Head) -> String {
    format!(
        "UPDATE lapsed_ledger_head SET sequence = {}, hash = '{}'",
        head.sequence, head.hash
    )
}
