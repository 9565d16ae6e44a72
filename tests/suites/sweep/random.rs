//! Random stores: a tenant at a moment that a calendar finds hard, and people to whom things happened at the very
//! edges of what the rules compare with.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use lapsed_model::Unit;
use proptest::prelude::*;
use proptest::sample::select;

/// A tenant, a moment, and people.
#[derive(Clone, Debug)]
pub(crate) struct Scene {
    pub(crate) zone: Tz,
    pub(crate) now: DateTime<Utc>,
    pub(crate) count: u32,
    pub(crate) unit: Unit,
    pub(crate) keep_people_with_consent: bool,
    pub(crate) article_buyers_too: bool,
    pub(crate) people: Vec<Person>,
}

/// Somebody.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    pub(crate) workgroup: &'static str,
    pub(crate) created: Moment,
    pub(crate) anonymised: bool,
    pub(crate) things: Vec<Thing>,
}

/// Something that happened to a person.
#[derive(Clone, Debug)]
pub(crate) enum Thing {
    Order(Moment, &'static str, Vec<Content>),
    Reservation(Event, &'static str),
    Appointment(Moment, &'static str),
    Login(Option<Moment>),
    /// A membership that was given, and never ordered.
    Gift(&'static str, Option<Moment>),
    /// Channel, state, when it was said, until when it holds.
    Consent(&'static str, &'static str, Moment, Option<Moment>),
}

/// What an order held.
#[derive(Clone, Debug)]
pub(crate) enum Content {
    Ticket(Event),
    Voucher(Option<Moment>),
    /// The holder is somebody among the people, perhaps the payer.
    Membership(prop::sample::Index, &'static str, Option<Moment>),
    Article(Option<Event>),
}

/// When something starts, and for how long it lasts, if it says so.
#[derive(Clone, Debug)]
pub(crate) struct Event(pub(crate) Moment, pub(crate) Option<i64>);

/// An instant, by what makes it interesting; a few milliseconds beside it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Moment {
    CutOff(i64),
    Now(i64),
    /// The start of the first day of the month that many months before.
    Month(u32, i64),
    /// The start of the day that many days after the cut-off.
    Day(i64, i64),
    /// So many seconds after the cut-off.
    Somewhen(i64),
}

fn moment() -> impl Strategy<Value = Moment> {
    let beside = || select(vec![0_i64, -1, 1]);
    prop_oneof![
        4 => beside().prop_map(Moment::CutOff),
        2 => beside().prop_map(Moment::Now),
        1 => (0_u32..60, beside()).prop_map(|(months, ms)| Moment::Month(months, ms)),
        1 => (-3_i64..=3, beside()).prop_map(|(days, ms)| Moment::Day(days, ms)),
        2 => (-200_000_000_i64..0).prop_map(Moment::Somewhen),
        1 => (0_i64..200_000_000).prop_map(Moment::Somewhen),
    ]
}

/// A moment that is over for good, so that most people are due for something.
fn past() -> impl Strategy<Value = Moment> {
    prop_oneof![
        (-200_000_000_i64..-86_400).prop_map(Moment::Somewhen),
        Just(Moment::CutOff(-1)),
    ]
}

fn mostly_past() -> impl Strategy<Value = Moment> {
    prop_oneof![3 => past(), 2 => moment()]
}

fn perhaps(moment: impl Strategy<Value = Moment>) -> impl Strategy<Value = Option<Moment>> {
    prop::option::weighted(0.8, moment)
}

fn event() -> impl Strategy<Value = Event> {
    let length = prop_oneof![
        Just(1_i64),
        Just(9_000_000),
        Just(3 * 86_400_000),
        Just(400 * 86_400_000_i64)
    ];
    (mostly_past(), prop::option::weighted(0.7, length)).prop_map(|(starts, length)| Event(starts, length))
}

fn content() -> impl Strategy<Value = Content> {
    let status = || select(vec!["active", "active", "revoked"]);
    prop_oneof![
        4 => event().prop_map(Content::Ticket),
        2 => perhaps(mostly_past()).prop_map(Content::Voucher),
        2 => (any::<prop::sample::Index>(), status(), perhaps(mostly_past()))
            .prop_map(|(holder, status, until)| Content::Membership(holder, status, until)),
        3 => prop::option::of(event()).prop_map(Content::Article),
    ]
}

/// When a consent was said: often at the same instant as another, whose later row then counts.
fn said() -> impl Strategy<Value = Moment> {
    prop_oneof![2 => Just(Moment::CutOff(-1)), 1 => past()]
}

/// Something that may happen.
pub(crate) fn thing() -> impl Strategy<Value = Thing> {
    let status = select(vec!["paid", "paid", "paid", "open", "cancelled"]);
    let states = vec![
        "granted",
        "granted",
        "granted",
        "withdrawn",
        "refused",
        "requested",
        "expired",
    ];
    prop_oneof![
        6 => (mostly_past(), status, prop::collection::vec(content(), 0..3))
            .prop_map(|(at, status, contents)| Thing::Order(at, status, contents)),
        1 => (event(), select(vec!["held", "released"])).prop_map(|(event, status)| Thing::Reservation(event, status)),
        2 => (mostly_past(), select(vec!["done", "booked", "cancelled"]))
            .prop_map(|(at, status)| Thing::Appointment(at, status)),
        1 => prop::option::of(mostly_past()).prop_map(Thing::Login),
        1 => (select(vec!["active", "revoked"]), perhaps(mostly_past()))
            .prop_map(|(status, until)| Thing::Gift(status, until)),
        3 => (select(vec!["email", "sms"]), select(states), said(), prop::option::of(moment()))
            .prop_map(|(channel, state, at, until)| Thing::Consent(channel, state, at, until)),
    ]
}

fn person() -> impl Strategy<Value = Person> {
    let workgroup = select(vec!["house", "house", "house", "studio", "elsewhere"]);
    let things = prop::collection::vec(thing(), 0..4);
    (workgroup, mostly_past(), prop::bool::weighted(0.1), things).prop_map(
        |(workgroup, created, anonymised, things)| Person {
            workgroup,
            created,
            anonymised,
            things,
        },
    )
}

/// Moments at which a cut-off is hard to find: midnights that are skipped or come twice, a day that never was, ends
/// of months, leap days, both ends of the day.
const DOUBTFUL: [(Tz, &str, u32, Unit); 16] = [
    (Tz::America__Havana, "2026-04-08T15:00:00Z", 1, Unit::Months),
    (Tz::America__Havana, "2026-12-01T15:00:00Z", 30, Unit::Days),
    (Tz::Africa__Cairo, "2026-05-24T09:00:00Z", 30, Unit::Days),
    (Tz::Asia__Beirut, "2026-03-29T10:00:00Z", 3, Unit::Years),
    (Tz::Asia__Beirut, "2027-03-28T10:00:00Z", 1, Unit::Years),
    (Tz::America__Asuncion, "2024-10-06T12:00:00Z", 1, Unit::Years),
    (Tz::Pacific__Apia, "2012-01-30T00:00:00Z", 1, Unit::Months),
    (Tz::America__St_Johns, "2012-11-06T12:00:00Z", 1, Unit::Years),
    (Tz::Pacific__Auckland, "2026-09-26T12:00:00Z", 18, Unit::Months),
    (Tz::Pacific__Kiritimati, "2026-03-31T10:00:00Z", 1, Unit::Months),
    (Tz::Australia__Lord_Howe, "2026-04-05T01:00:00Z", 2, Unit::Weeks),
    (Tz::Europe__Vienna, "2024-02-29T23:00:00Z", 1, Unit::Years),
    (Tz::Europe__Vienna, "2024-02-29T22:59:59.999Z", 4, Unit::Years),
    (Tz::Europe__Vienna, "2026-03-31T00:30:00Z", 1, Unit::Months),
    (Tz::Europe__Sofia, "2028-02-29T22:00:00Z", 3, Unit::Years),
    (Tz::UTC, "2026-01-01T00:00:00Z", 100, Unit::Years),
];

const ZONES: [Tz; 6] = [
    Tz::Europe__Vienna,
    Tz::Asia__Kathmandu,
    Tz::America__Havana,
    Tz::Asia__Beirut,
    Tz::Pacific__Auckland,
    Tz::America__New_York,
];

fn tenant() -> impl Strategy<Value = (Tz, DateTime<Utc>, u32, Unit)> {
    let doubtful = select(DOUBTFUL.to_vec())
        .prop_map(|(zone, now, count, unit)| (zone, now.parse().expect("an instant"), count, unit));
    let period = prop_oneof![
        (1_u32..=400).prop_map(|count| (count, Unit::Days)),
        (1_u32..=20).prop_map(|count| (count, Unit::Weeks)),
        (1_u32..=40).prop_map(|count| (count, Unit::Months)),
        (1_u32..=10).prop_map(|count| (count, Unit::Years)),
    ];
    // Between 2012 and 2043.
    let now = (1_325_376_000_000_i64..2_300_000_000_000)
        .prop_map(|now| DateTime::from_timestamp_millis(now).expect("an instant"));
    let any =
        (select(ZONES.to_vec()), now, period).prop_map(|(zone, now, (count, unit))| (zone, now, count, unit));
    prop_oneof![doubtful, any]
}

/// A random store.
pub(crate) fn scene() -> impl Strategy<Value = Scene> {
    let people = prop::collection::vec(person(), 1..7);
    (tenant(), any::<(bool, bool)>(), people).prop_map(|((zone, now, count, unit), switches, people)| Scene {
        zone,
        now,
        count,
        unit,
        keep_people_with_consent: switches.0,
        article_buyers_too: switches.1,
        people,
    })
}
