//! a second time, written down from the promises and from what the tables of the reference schema mean:
//! plain loops over plain rows, no SQL that decides anything, and not a line shared with the planner or the judge.

use lapsed_model::Value;
use lapsed_tests::{Platform, Record};

use super::life::{Asked, Life, Membership};

/// The store, row by row.
pub(crate) struct Tables {
    pub(crate) customers: Vec<Record>,
    web_users: Vec<Record>,
    events: Vec<Record>,
    orders: Vec<Record>,
    tickets: Vec<Record>,
    vouchers: Vec<Record>,
    memberships: Vec<Record>,
    articles: Vec<Record>,
    reservations: Vec<Record>,
    appointments: Vec<Record>,
    consents: Vec<Record>,
}

/// What the promises say of a person, with the row of the list that says it first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Says {
    Kept(&'static str),
    Due(&'static str),
    Nothing,
}

impl Tables {
    pub(crate) async fn read(platform: &Platform) -> Tables {
        let all = async |table: &str| platform.rows(&format!("SELECT * FROM {table}")).await;
        Tables {
            customers: all("customers").await,
            web_users: all("web_users").await,
            events: all("events").await,
            orders: all("orders").await,
            tickets: all("tickets").await,
            vouchers: all("vouchers").await,
            memberships: all("memberships").await,
            articles: all("articles").await,
            reservations: all("reservations").await,
            appointments: all("appointments").await,
            consents: all("lapsed_consent").await,
        }
    }

    /// The people of a workgroup who can still be identified.
    pub(crate) fn people(&self, workgroup: &str) -> Vec<i64> {
        let mut people = Vec::new();
        for customer in &self.customers {
            if customer["workgroup"] == workgroup.into() && customer["anonymised_at"] == Value::Null {
                people.push(id(customer));
            }
        }
        people
    }

    /// the candidates less the kept.
    pub(crate) fn says(&self, person: i64, asked: &Asked) -> Says {
        let life = self.life(person, asked.now);
        match (life.kept(asked), life.candidate(asked)) {
            (Some(rule), _) => Says::Kept(rule),
            (None, Some(rule)) => Says::Due(rule),
            (None, None) => Says::Nothing,
        }
    }

    /// Whether no time that passes can ever make a candidate of the person.
    pub(crate) fn is_out_of_reach(&self, person: i64, asked: &Asked) -> bool {
        self.life(person, asked.now).is_out_of_reach(asked)
    }

    /// What there is of a person, gathered by walking over every row of every table.
    fn life(&self, person: i64, now: i64) -> Life {
        let mut life = Life::default();
        for customer in &self.customers {
            if id(customer) == person {
                life.created = number(&customer["created_at"]);
            }
        }
        for login in &self.web_users {
            if points_at(&login["customer_id"], person) {
                life.sign_ins.extend(end(&login["last_login_at"]));
            }
        }
        for order in &self.orders {
            if !points_at(&order["customer_id"], person) {
                continue;
            }
            let at = number(&order["ordered_at"]);
            life.orders.push(at);
            if is_cancelled(order) {
                continue;
            }
            life.purchases += 1;
            for ticket in in_order(&self.tickets, order) {
                life.tickets.push(self.event(&ticket["event_id"]));
            }
            for voucher in in_order(&self.vouchers, order) {
                life.vouchers.push((at, end(&voucher["expires_at"])));
            }
            for article in in_order(&self.articles, order) {
                let event = match article["event_id"] {
                    Value::Null => None,
                    _ => Some(self.event(&article["event_id"])),
                };
                life.articles.push((at, event));
            }
        }
        self.memberships(person, &mut life);
        for reservation in &self.reservations {
            if points_at(&reservation["customer_id"], person) && reservation["status"] == "held".into() {
                life.reservations.push(self.event(&reservation["event_id"]).0);
            }
        }
        for appointment in &self.appointments {
            if points_at(&appointment["customer_id"], person) && appointment["status"] != "cancelled".into() {
                life.appointments.push(number(&appointment["starts_at"]));
            }
        }
        life.consents = self.consents(person, now);
        life
    }

    /// A membership counts for its holder, and for who paid for it; in a cancelled order it counts for nobody.
    fn memberships(&self, person: i64, life: &mut Life) {
        for row in &self.memberships {
            let membership = Membership {
                revoked: row["status"] == "revoked".into(),
                ends: end(&row["expires_at"]),
            };
            let mut payer = None;
            let mut counts = true;
            for order in &self.orders {
                if row["order_id"] == order["id"] {
                    payer = Some(number(&order["customer_id"]));
                    counts = !is_cancelled(order);
                }
            }
            if counts && points_at(&row["holder_id"], person) {
                life.holds.push(membership);
            }
            if counts && payer == Some(person) {
                life.pays.push(membership);
            }
        }
    }

    /// How many cells of the person say *granted* as their last word, and have not expired.
    fn consents(&self, person: i64, now: i64) -> usize {
        let mut cells: Vec<&Record> = Vec::new();
        for word in &self.consents {
            if !points_at(&word["subject"], person) {
                continue;
            }
            let same_cell = |other: &&mut &Record| {
                other["purpose"] == word["purpose"] && other["channel"] == word["channel"]
            };
            let order = |word: &Record| (number(&word["at"]), number(&word["sequence"]));
            match cells.iter_mut().find(same_cell) {
                None => cells.push(word),
                Some(last) if order(word) > order(last) => *last = word,
                Some(_) => {}
            }
        }
        let holds = |word: &&Record| {
            word["state"] == "granted".into() && end(&word["expires_at"]).is_none_or(|expires| expires > now)
        };
        cells.into_iter().filter(holds).count()
    }

    /// Start and end of an event; without an end it ends when it starts.
    fn event(&self, key: &Value) -> (i64, i64) {
        for event in &self.events {
            if event["id"] == *key {
                let starts = number(&event["starts_at"]);
                return (starts, end(&event["ends_at"]).unwrap_or(starts));
            }
        }
        panic!("a ticket for an event that is not there")
    }
}

fn id(row: &Record) -> i64 {
    number(&row["id"])
}

fn number(value: &Value) -> i64 {
    match value {
        Value::Integer(number) => *number,
        // An instant that the database knows as such.
        Value::Text(text) => lapsed_tests::instant(text).timestamp_millis(),
        other => panic!("{other:?} is no number"),
    }
}

/// An end; nothing where there is none.
fn end(value: &Value) -> Option<i64> {
    match value {
        Value::Null => None,
        other => Some(number(other)),
    }
}

fn points_at(link: &Value, person: i64) -> bool {
    *link == Value::Integer(person)
}

fn is_cancelled(order: &Record) -> bool {
    order["status"] == "cancelled".into()
}

fn in_order<'t>(rows: &'t [Record], order: &'t Record) -> impl Iterator<Item = &'t Record> {
    rows.iter().filter(|row| row["order_id"] == order["id"])
}
