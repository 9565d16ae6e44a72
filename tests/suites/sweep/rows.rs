//! What was drawn at random becomes a world with rows of the reference schema.

use chrono::{DateTime, Datelike, NaiveDate, TimeDelta, Utc};
use lapsed_model::Value;
use lapsed_tests::{Setting, World};
use proptest::sample::Index;

use super::calendar::{cut_off, first_instant};
use super::life::Asked;
use super::random::{Content, Event, Moment, Person, Scene, Thing};

impl Scene {
    /// What the promises compare with.
    pub(crate) fn asked(&self) -> Asked {
        Asked {
            now: self.now.timestamp_millis(),
            cut_off: self.cut_off().timestamp_millis(),
            keep_people_with_consent: self.keep_people_with_consent,
            article_buyers_too: self.article_buyers_too,
        }
    }

    pub(crate) fn cut_off(&self) -> DateTime<Utc> {
        cut_off(self.now, self.zone, self.count, self.unit)
    }

    /// The store.
    pub(crate) async fn world(&self) -> World {
        self.world_of("reference").await
    }

    /// The same in the tables of another dataset with the same names.
    pub(crate) async fn world_of(&self, dataset: &str) -> World {
        let world = Setting::default()
            .dataset(dataset)
            .now(&self.now.to_rfc3339())
            .zone(self.zone.name())
            .says(&format!(
                "anonymise_after = \"{} {}\"",
                self.count,
                self.unit.word()
            ))
            .says(&format!(
                "keep_people_with_consent = {}",
                self.keep_people_with_consent
            ))
            .says(&format!("article_buyers_too = {}", self.article_buyers_too))
            .build()
            .await;
        let mut rows = Rows::new(self, &world);
        for (place, person) in self.people.iter().enumerate() {
            rows.person(key(place), person);
        }
        for (place, person) in self.people.iter().enumerate() {
            person
                .things
                .iter()
                .for_each(|thing| rows.thing(key(place), thing));
        }
        world.platform.insert_all(&rows.rows).await;
        world
    }

    /// Lets something more happen in the world of this scene, to whoever the index picks.
    pub(crate) async fn happens(&self, world: &World, who: Index, thing: &Thing) {
        let mut rows = Rows::new(self, world);
        rows.thing(key(who.index(self.people.len())), thing);
        world.platform.insert_all(&rows.rows).await;
    }
}

fn key(place: usize) -> i64 {
    i64::try_from(place).expect("a small number") + 1
}

/// Rows of the reference schema in the making.
struct Rows<'s> {
    scene: &'s Scene,
    cut_off: DateTime<Utc>,
    world: &'s World,
    rows: Vec<(&'s str, Vec<(&'s str, Value)>)>,
}

impl<'s> Rows<'s> {
    fn new(scene: &'s Scene, world: &'s World) -> Self {
        Self {
            scene,
            cut_off: scene.cut_off(),
            world,
            rows: Vec::new(),
        }
    }

    fn at(&self, moment: Moment) -> Value {
        let first_day = |date: NaiveDate| first_instant(self.scene.zone, date).timestamp_millis();
        let cut_off = self.cut_off.timestamp_millis();
        let day_of = |instant: DateTime<Utc>| instant.with_timezone(&self.scene.zone).date_naive();
        Value::Integer(match moment {
            Moment::CutOff(beside) => cut_off + beside,
            Moment::Now(beside) => self.scene.now.timestamp_millis() + beside,
            Moment::Month(back, beside) => {
                let today = day_of(self.scene.now);
                let first = today.with_day(1).expect("the first") - chrono::Months::new(back);
                first_day(first) + beside
            }
            Moment::Day(days, beside) => first_day(day_of(self.cut_off) + TimeDelta::days(days)) + beside,
            Moment::Somewhen(seconds) => cut_off + seconds * 1_000,
        })
    }

    fn until(&self, moment: Option<Moment>) -> Value {
        moment.map_or(Value::Null, |moment| self.at(moment))
    }

    fn row(&mut self, table: &'s str, mut row: Vec<(&'s str, Value)>) -> Value {
        let id = Value::Integer(self.world.next_id());
        row.push(("id", id.clone()));
        self.rows.push((table, row));
        id
    }

    fn event(&mut self, Event(starts, length): &Event) -> Value {
        let starts = self.at(*starts);
        let ends = match (&starts, length) {
            (Value::Integer(starts), Some(length)) => Value::Integer(starts + length),
            _ => Value::Null,
        };
        let row = vec![
            ("workgroup", "theatre/house".into()),
            ("name", "Faust".into()),
            ("starts_at", starts),
            ("ends_at", ends),
        ];
        self.row("events", row)
    }

    fn person(&mut self, id: i64, person: &Person) {
        let erased = if person.anonymised {
            self.at(Moment::Now(0))
        } else {
            Value::Null
        };
        let row = vec![
            ("id", id.into()),
            ("workgroup", format!("theatre/{}", person.workgroup).into()),
            ("created_at", self.at(person.created)),
            ("anonymised_at", erased),
        ];
        self.rows.push(("customers", row));
    }

    fn thing(&mut self, who: i64, thing: &Thing) {
        match thing {
            Thing::Order(at, status, contents) => self.order(who, *at, status, contents),
            Thing::Reservation(event, status) => {
                let event = self.event(event);
                let row = vec![
                    ("customer_id", who.into()),
                    ("event_id", event),
                    ("reserved_at", 0_i64.into()),
                    ("status", (*status).into()),
                ];
                self.row("reservations", row);
            }
            Thing::Appointment(at, status) => {
                let row = vec![
                    ("workgroup", "theatre/house".into()),
                    ("customer_id", who.into()),
                    ("starts_at", self.at(*at)),
                    ("service", "Haarschnitt".into()),
                    ("status", (*status).into()),
                ];
                self.row("appointments", row);
            }
            Thing::Login(at) => {
                let row = vec![
                    ("customer_id", who.into()),
                    ("created_at", 0_i64.into()),
                    ("last_login_at", self.until(*at)),
                ];
                self.row("web_users", row);
            }
            Thing::Gift(status, until) => self.membership(who, Value::Null, status, *until),
            Thing::Consent(channel, state, at, until) => {
                let row = vec![
                    ("tenant", "theatre".into()),
                    ("workgroup", "house".into()),
                    ("subject", who.into()),
                    ("purpose", "marketing".into()),
                    ("channel", (*channel).into()),
                    ("state", (*state).into()),
                    ("at", self.at(*at)),
                    ("expires_at", self.until(*until)),
                    ("source", "card".into()),
                ];
                self.rows.push(("lapsed_consent", row));
            }
        }
    }

    fn order(&mut self, who: i64, at: Moment, status: &'static str, contents: &[Content]) {
        let row = vec![
            ("workgroup", "theatre/house".into()),
            ("customer_id", who.into()),
            ("number", "R-1".into()),
            ("ordered_at", self.at(at)),
            ("status", status.into()),
        ];
        let order = self.row("orders", row);
        for content in contents {
            match content {
                Content::Ticket(event) => {
                    let event = self.event(event);
                    self.row("tickets", vec![("order_id", order.clone()), ("event_id", event)]);
                }
                Content::Voucher(until) => {
                    let until = self.until(*until);
                    let row = vec![
                        ("order_id", order.clone()),
                        ("code", "V-1".into()),
                        ("expires_at", until),
                    ];
                    self.row("vouchers", row);
                }
                Content::Membership(holder, status, until) => {
                    let holder = key(holder.index(self.scene.people.len()));
                    self.membership(holder, order.clone(), status, *until);
                }
                Content::Article(event) => {
                    let event = event.as_ref().map_or(Value::Null, |event| self.event(event));
                    let row = vec![
                        ("order_id", order.clone()),
                        ("event_id", event),
                        ("name", "Bildband".into()),
                    ];
                    self.row("articles", row);
                }
            }
        }
    }

    fn membership(&mut self, holder: i64, order: Value, status: &'static str, until: Option<Moment>) {
        let row = vec![
            ("holder_id", holder.into()),
            ("order_id", order),
            ("kind", "Abonnement".into()),
            ("status", status.into()),
            ("starts_at", 0_i64.into()),
            ("expires_at", self.until(until)),
        ];
        self.row("memberships", row);
    }
}
