//! Customers of the reference schema, told as stories.

use std::collections::BTreeMap;
use std::future::{Future, IntoFuture};
use std::pin::Pin;

use lapsed_model::Value;

use crate::world::store_key;
use crate::{World, milliseconds};

type Row<'w> = (&'w str, Vec<(&'w str, Value)>);

/// A customer and what happened to them. Awaiting the story puts it into the store.
///
/// Whoever nothing is told of was created in 2015, has every personal column filled, and belongs to the house.
#[must_use = "the customer is in the store once the story is awaited"]
pub struct Customer<'w> {
    world: &'w World,
    id: i64,
    columns: BTreeMap<&'w str, Value>,
    rows: Vec<Row<'w>>,
}

impl<'w> Customer<'w> {
    pub(crate) fn new(world: &'w World, id: i64) -> Self {
        let text = |text: String| Value::Text(text);
        let columns = BTreeMap::from([
            ("id", id.into()),
            ("workgroup", store_key("house").into()),
            ("number", text(format!("K-{id}"))),
            ("salutation", "Frau".into()),
            ("title", "Dr.".into()),
            ("first_name", text(format!("Anna{id}"))),
            ("middle_name", text(format!("Maria{id}"))),
            ("last_name", text(format!("Gruber{id}"))),
            ("company", text(format!("Gruber{id} & Co."))),
            ("email", text(format!("anna{id}@mail.example"))),
            ("phone", text(format!("+43155500{id:04}"))),
            ("street", text(format!("Lindengasse {id}"))),
            ("postal_code", "1070".into()),
            ("city", "Wien".into()),
            ("country", "AT".into()),
            ("birth_date", "1960-02-29".into()),
            ("language", "de".into()),
            ("description", text(format!("Anna{id} sits on the aisle"))),
            ("created_at", milliseconds("2015-01-01")),
        ]);
        Self {
            world,
            id,
            columns,
            rows: Vec::new(),
        }
    }

    /// Belongs to another workgroup.
    pub fn in_workgroup(self, name: &str) -> Self {
        self.with("workgroup", store_key(name))
    }

    /// Was created then.
    pub fn created(self, when: &str) -> Self {
        self.with("created_at", milliseconds(when))
    }

    /// Has this in a column of `customers`.
    pub fn with(mut self, column: &'w str, value: impl Into<Value>) -> Self {
        self.columns.insert(column, value.into());
        self
    }

    /// Bought a ticket for an evening then, a week before.
    pub fn ticket(mut self, when: &str) -> Self {
        let event = self.event(when);
        let order = self.bought(week_before(when), "paid");
        self.content("tickets", order, vec![("event_id", event.into())])
    }

    /// Bought a voucher then, which is spent or not, and good until `until`; for ever without.
    pub fn voucher(mut self, when: &str, until: Option<&str>) -> Self {
        let order = self.bought(milliseconds(when), "paid");
        let until = until.map_or(Value::Null, milliseconds);
        self.content(
            "vouchers",
            order,
            vec![("code", "V-1".into()), ("expires_at", until)],
        )
    }

    /// Was given a membership, which ends then; never without.
    pub fn membership(mut self, until: Option<&str>) -> Self {
        let row = vec![
            ("holder_id", self.id.into()),
            ("kind", "Freundeskreis".into()),
            ("starts_at", milliseconds("2015-01-01")),
            ("expires_at", until.map_or(Value::Null, milliseconds)),
        ];
        self.row("memberships", row);
        self
    }

    /// Bought a book then, which belongs to no evening.
    pub fn article(mut self, when: &str) -> Self {
        let order = self.bought(milliseconds(when), "paid");
        self.content("articles", order, vec![("name", "Bildband".into())])
    }

    /// Put a seat aside for an evening then.
    pub fn reservation(mut self, when: &str) -> Self {
        let event = self.event(when);
        let row = vec![
            ("customer_id", self.id.into()),
            ("event_id", event.into()),
            ("reserved_at", week_before(when)),
        ];
        self.row("reservations", row);
        self
    }

    /// Has or had an appointment then.
    pub fn appointment(mut self, when: &str) -> Self {
        let row = vec![
            ("workgroup", self.columns["workgroup"].clone()),
            ("customer_id", self.id.into()),
            ("starts_at", milliseconds(when)),
            ("service", "Haarschnitt".into()),
        ];
        self.row("appointments", row);
        self
    }

    /// Ordered something then that stands in no other table: `open`, `paid` or `cancelled`.
    pub fn order(mut self, when: &str, status: &str) -> Self {
        self.bought(milliseconds(when), status);
        self
    }

    /// Signed in online then for the last time.
    pub fn signed_in(mut self, when: &str) -> Self {
        let row = vec![
            ("customer_id", self.id.into()),
            ("username", format!("gruber.{}", self.id).into()),
            ("email", format!("anna{}@login.example", self.id).into()),
            ("display_name", format!("Annerl{}", self.id).into()),
            ("created_at", milliseconds("2015-01-01")),
            ("last_login_at", milliseconds(when)),
        ];
        self.row("web_users", row);
        self
    }

    /// Granted the newsletter in 2015, until then; without an end otherwise.
    pub fn consent(mut self, until: Option<&str>) -> Self {
        let row = vec![
            ("tenant", "theatre".into()),
            ("workgroup", "house".into()),
            ("subject", self.id.into()),
            ("purpose", "marketing".into()),
            ("channel", "email".into()),
            ("state", "granted".into()),
            ("at", milliseconds("2015-01-01")),
            ("expires_at", until.map_or(Value::Null, milliseconds)),
            ("source", "card".into()),
        ];
        self.rows.push(("lapsed_consent", row));
        self
    }

    fn event(&mut self, when: &str) -> i64 {
        let row = vec![
            ("workgroup", self.columns["workgroup"].clone()),
            ("name", "Faust".into()),
            ("starts_at", milliseconds(when)),
        ];
        self.row("events", row)
    }

    fn bought(&mut self, at: Value, status: &str) -> i64 {
        let number = format!("R-{}-{}", self.id, self.rows.len());
        let row = vec![
            ("workgroup", self.columns["workgroup"].clone()),
            ("customer_id", self.id.into()),
            ("number", number.into()),
            ("ordered_at", at),
            ("status", status.into()),
            ("total_cents", 4_200_i64.into()),
        ];
        self.row("orders", row)
    }

    fn content(mut self, table: &'w str, order: i64, mut row: Vec<(&'w str, Value)>) -> Self {
        row.push(("order_id", order.into()));
        self.row(table, row);
        self
    }

    fn row(&mut self, table: &'w str, mut row: Vec<(&'w str, Value)>) -> i64 {
        let id = self.world.next_id();
        row.push(("id", id.into()));
        self.rows.push((table, row));
        id
    }
}

fn week_before(when: &str) -> Value {
    Value::Integer(crate::instant(when).timestamp_millis() - 7 * 24 * 60 * 60 * 1_000)
}

impl<'w> IntoFuture for Customer<'w> {
    type Output = i64;
    type IntoFuture = Pin<Box<dyn Future<Output = i64> + Send + 'w>>;

    fn into_future(mut self) -> Self::IntoFuture {
        Box::pin(async move {
            let columns = std::mem::take(&mut self.columns).into_iter().collect();
            self.rows.insert(0, ("customers", columns));
            self.world.platform.insert_all(&self.rows).await;
            self.id
        })
    }
}
