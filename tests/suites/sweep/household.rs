//! Two neighbours who share what people share: Anna, who is due and has left something in every table, and Ben, who
//! signed in lately and whose membership Anna paid for.

use lapsed_tests::World;

/// Fills the store with Anna (7) and Ben (8). Ids of Anna's rows begin with 7, of Ben's with 8.
pub(crate) async fn household(world: &World) {
    world.customer(7).await;
    world.customer(8).await;
    world.platform.run(ROWS).await;
    for (sequence, subject, purpose, channel, state, at, source) in CONSENTS {
        let row = [
            ("sequence", sequence.into()),
            ("tenant", "theatre".into()),
            ("workgroup", "house".into()),
            ("subject", subject.into()),
            ("purpose", purpose.into()),
            ("channel", channel.into()),
            ("state", state.into()),
            ("at", at.into()),
            ("source", source.into()),
        ];
        world.platform.insert("lapsed_consent", &row).await;
    }
}

// 1556928000000 is 4 May 2019, 1790000000000 is September 2026.
const ROWS: &str = "
INSERT INTO events (id, workgroup, name, starts_at) VALUES
    (71, 'theatre/house', 'Faust', 1556928000000);

INSERT INTO web_users (id, customer_id, username, email, display_name, created_at, last_login_at) VALUES
    (71, 7, 'anna', 'anna@login.example', 'Annerl', 1556000000000, 1556928000000),
    (81, 8, 'ben', 'ben@login.example', 'Ben', 1556000000000, 1790000000000);

INSERT INTO orders (id, workgroup, customer_id, number, ordered_at, status, total_cents, invoice_name, invoice_address, note) VALUES
    (71, 'theatre/house', 7, 'R-71', 1556000000000, 'paid', 8400, 'Anna Gruber', 'Lindengasse 7, Wien', 'Anna fetches them'),
    (72, 'theatre/house', 7, 'R-72', 1556000000000, 'paid', 9900, NULL, NULL, NULL),
    (81, 'theatre/house', 8, 'R-81', 1556000000000, 'paid', 4200, 'Ben Moser', 'Lindengasse 8, Wien', 'Ben fetches it');

INSERT INTO tickets (id, order_id, event_id, rate, price_cents, holder_name) VALUES
    (71, 71, 71, 'full', 4200, 'Anna Gruber'),
    (72, 71, 71, 'full', 4200, 'Anna''s friend'),
    (81, 81, 71, 'full', 4200, 'Ben Moser');

INSERT INTO vouchers (id, order_id, code, value_cents, recipient_name, expires_at) VALUES
    (71, 71, 'V-71', 5000, 'Anna''s aunt', 1590000000000);

INSERT INTO articles (id, order_id, event_id, name, price_cents) VALUES
    (71, 71, 71, 'programme', 400);

INSERT INTO memberships (id, holder_id, order_id, kind, status, starts_at, expires_at) VALUES
    (71, 7, 71, 'pass', 'active', 1556000000000, 1590000000000),
    (82, 8, 72, 'pass', 'active', 1556000000000, 1590000000000);

INSERT INTO reservations (id, customer_id, event_id, reserved_at, status, note) VALUES
    (71, 7, 71, 1556000000000, 'held', 'wheelchair for Anna'),
    (81, 8, 71, 1556000000000, 'held', 'wheelchair for Ben');

INSERT INTO appointments (id, workgroup, customer_id, starts_at, service, status, note) VALUES
    (71, 'theatre/house', 7, 1556000000000, 'haircut', 'done', 'Anna cannot have bleach'),
    (81, 'theatre/house', 8, 1556000000000, 'haircut', 'done', 'Ben cannot have bleach');

-- Pairs: one that identifies and one that does not, to an order, a ticket, two memberships and a person.
INSERT INTO form_answers (id, workgroup, form, kind, customer_id, order_id, ticket_id, membership_id, field, identifies, value, answered_at) VALUES
    (71, 'theatre/house', 'booking', 'order', NULL, 71, NULL, NULL, 'ring', 1, 'Anna at the door', 1),
    (72, 'theatre/house', 'booking', 'order', NULL, 71, NULL, NULL, 'heard_by', 0, 'a poster', 1),
    (73, 'theatre/house', 'child', 'rate', NULL, NULL, 71, NULL, 'name', 1, 'Anna on the ticket', 1),
    (74, 'theatre/house', 'child', 'rate', NULL, NULL, 71, NULL, 'diet', 0, 'no nuts', 1),
    (75, 'theatre/house', 'pass', 'pass', NULL, NULL, NULL, 71, 'photograph_of', 1, 'Anna on the photograph', 1),
    (76, 'theatre/house', 'pass', 'pass', NULL, NULL, NULL, 82, 'photograph_of', 1, 'Ben on the photograph', 1),
    (77, 'theatre/house', 'visit', 'order', 7, NULL, NULL, NULL, 'recommended_by', 1, 'Anna was recommended by Eva', 1),
    (78, 'theatre/house', 'visit', 'order', 7, NULL, NULL, NULL, 'heard_by', 0, 'a friend', 1),
    (81, 'theatre/house', 'visit', 'order', 8, NULL, NULL, NULL, 'recommended_by', 1, 'Ben was recommended by Eva', 1);
";

/// Consents: whose, for what, by which channel, what became of it, when, and where it was said.
const CONSENTS: [(i64, i64, &str, &str, &str, i64, &str); 4] = [
    (71, 7, "marketing", "email", "granted", 1, "card"),
    (72, 7, "marketing", "email", "withdrawn", 2, "link"),
    (73, 7, "service", "sms", "refused", 1, "card"),
    (81, 8, "service", "sms", "refused", 1, "card"),
];
