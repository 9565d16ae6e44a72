-- The reference schema: a ticketing and booking platform in eleven tables, for SQLite.
--
-- `lapsed` creates it in an empty store, for demos, tests and platforms that have no schema yet. The platform's
-- software writes to it; `lapsed` reads it through config/dataset.toml, the only place that knows these names.
--
--   instants   milliseconds UTC, as integers
--   money      cents, as integers, beside the order's currency
--   ids        integers that the store hands out; a restored backup hands them out again
--
-- A column that erasing empties is nullable. A column that is NOT NULL either identifies nobody or is what law
-- and bookkeeping need of the sale (R-8).
--
-- On indexes. Rules ask about one person at a time, so every column on the way from a customer to a record has
-- one. The columns that hold personal data have none, except where somebody is looked up by them: a value that
-- was erased from a table lives on in the pages of its indexes until they are built anew.

-- The people, one row each and workgroup by workgroup: who buys in two houses is two customers.
-- `anonymised_at` is the mark that nobody is left to identify; `deleted_at` alone is only the platform's bin.
CREATE TABLE customers (
    id            INTEGER PRIMARY KEY,
    workgroup     TEXT    NOT NULL,
    number        TEXT,
    salutation    TEXT,
    title         TEXT,
    first_name    TEXT,
    middle_name   TEXT,
    last_name     TEXT,
    company       TEXT,
    email         TEXT,
    phone         TEXT,
    street        TEXT,
    postal_code   TEXT,
    city          TEXT,
    country       TEXT,
    birth_date    TEXT,               -- YYYY-MM-DD
    language      TEXT,
    description   TEXT,               -- the staff's own notes; after an anonymisation, that there was one
    created_at    INTEGER NOT NULL,
    deleted_at    INTEGER,
    anonymised_at INTEGER
) STRICT;

-- A plan walks the people of one workgroup who are not yet anonymised, in the order of their ids, which every
-- index ends with; the brake (R-11) counts those who were anonymised in the last seven days.
CREATE INDEX customers_workgroup ON customers (workgroup, anonymised_at);

-- Who else has this address, whose number said STOP: asked before each erasure by hand and for each reply.
CREATE INDEX customers_email ON customers (email) WHERE email IS NOT NULL;
CREATE INDEX customers_phone ON customers (phone) WHERE phone IS NOT NULL;

-- Accounts for signing in online. `customer_id` is null once the link is cut (R-7), and for an account that
-- never bought; `last_login_at` is null for one that was never used.
CREATE TABLE web_users (
    id            INTEGER PRIMARY KEY,
    customer_id   INTEGER REFERENCES customers (id),
    username      TEXT,
    email         TEXT,
    display_name  TEXT,
    created_at    INTEGER NOT NULL,
    last_login_at INTEGER,
    anonymised_at INTEGER
) STRICT;

CREATE INDEX web_users_customer ON web_users (customer_id, last_login_at) WHERE customer_id IS NOT NULL;

-- The programme. An event without `ends_at` ends when it starts.
CREATE TABLE events (
    id        INTEGER PRIMARY KEY,
    workgroup TEXT    NOT NULL,
    name      TEXT    NOT NULL,
    starts_at INTEGER NOT NULL,
    ends_at   INTEGER
) STRICT;

-- Sales. The customer of an order is who pays. A cancelled order stays as a record of what was done when, but
-- what was in it counts for nothing. The invoice's recipient has a period of its own (R-8).
CREATE TABLE orders (
    id              INTEGER PRIMARY KEY,
    workgroup       TEXT    NOT NULL,
    customer_id     INTEGER NOT NULL REFERENCES customers (id),
    number          TEXT    NOT NULL,
    ordered_at      INTEGER NOT NULL,
    status          TEXT    NOT NULL CHECK (status IN ('open', 'paid', 'cancelled')),
    total_cents     INTEGER NOT NULL DEFAULT 0,
    currency        TEXT    NOT NULL DEFAULT 'EUR',
    invoice_name    TEXT,
    invoice_address TEXT,
    note            TEXT
) STRICT;

-- With instant and status in the index, what most rules ask of an order is answered without reading the order.
CREATE INDEX orders_customer ON orders (customer_id, ordered_at, status);

-- Seats. `holder_name` is printed on the ticket, and is often not the buyer's.
CREATE TABLE tickets (
    id          INTEGER PRIMARY KEY,
    order_id    INTEGER NOT NULL REFERENCES orders (id),
    event_id    INTEGER NOT NULL REFERENCES events (id),
    rate        TEXT    NOT NULL DEFAULT '',
    price_cents INTEGER NOT NULL DEFAULT 0,
    holder_name TEXT
) STRICT;

-- Rules go through a ticket to its event, and need nothing else of it.
CREATE INDEX tickets_order ON tickets (order_id, event_id);

-- Gift vouchers. `recipient_name` is who got one as a present; without `expires_at` it is good for ever.
-- The code is money to whoever reads it, and says nothing about a person.
CREATE TABLE vouchers (
    id             INTEGER PRIMARY KEY,
    order_id       INTEGER NOT NULL REFERENCES orders (id),
    code           TEXT    NOT NULL,
    value_cents    INTEGER NOT NULL DEFAULT 0,
    recipient_name TEXT,
    expires_at     INTEGER
) STRICT;

CREATE INDEX vouchers_order ON vouchers (order_id);

-- Subscriptions and passes. The holder and the customer of the order need not be the same person: someone pays
-- for a grandchild. Without an order it was given; without `expires_at` it is for life.
CREATE TABLE memberships (
    id         INTEGER PRIMARY KEY,
    holder_id  INTEGER NOT NULL REFERENCES customers (id),
    order_id   INTEGER REFERENCES orders (id),
    kind       TEXT    NOT NULL,
    status     TEXT    NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'revoked')),
    starts_at  INTEGER NOT NULL,
    expires_at INTEGER
) STRICT;

CREATE INDEX memberships_holder ON memberships (holder_id);
CREATE INDEX memberships_order ON memberships (order_id) WHERE order_id IS NOT NULL;

-- Goods: a programme for one evening (with its event), a book or a shampoo (without).
CREATE TABLE articles (
    id          INTEGER PRIMARY KEY,
    order_id    INTEGER NOT NULL REFERENCES orders (id),
    event_id    INTEGER REFERENCES events (id),
    name        TEXT    NOT NULL,
    price_cents INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE INDEX articles_order ON articles (order_id);

-- Seats put aside. A released one counts for nothing.
CREATE TABLE reservations (
    id          INTEGER PRIMARY KEY,
    customer_id INTEGER NOT NULL REFERENCES customers (id),
    event_id    INTEGER NOT NULL REFERENCES events (id),
    reserved_at INTEGER NOT NULL,
    status      TEXT    NOT NULL DEFAULT 'held' CHECK (status IN ('held', 'released')),
    note        TEXT
) STRICT;

CREATE INDEX reservations_customer ON reservations (customer_id);

-- What a salon has instead of events. A cancelled one counts for nothing.
CREATE TABLE appointments (
    id          INTEGER PRIMARY KEY,
    workgroup   TEXT    NOT NULL,
    customer_id INTEGER NOT NULL REFERENCES customers (id),
    starts_at   INTEGER NOT NULL,
    service     TEXT    NOT NULL,
    status      TEXT    NOT NULL DEFAULT 'booked' CHECK (status IN ('booked', 'cancelled', 'done')),
    note        TEXT
) STRICT;

CREATE INDEX appointments_customer ON appointments (customer_id, starts_at);

-- Answers to registration forms, one row per field. An answer hangs on what the form was for: the order, one
-- participant's ticket, a membership; `customer_id` is set where the person it is about has a record of their
-- own. `identifies` says whether the answer tells who somebody is (a name) or not (how they heard of us).
CREATE TABLE form_answers (
    id            INTEGER PRIMARY KEY,
    workgroup     TEXT    NOT NULL,
    form          TEXT    NOT NULL,
    kind          TEXT    NOT NULL CHECK (kind IN ('order', 'rate', 'pass')),
    customer_id   INTEGER REFERENCES customers (id),
    order_id      INTEGER REFERENCES orders (id),
    ticket_id     INTEGER REFERENCES tickets (id),
    membership_id INTEGER REFERENCES memberships (id),
    field         TEXT    NOT NULL,
    identifies    INTEGER NOT NULL CHECK (identifies IN (0, 1)),
    value         TEXT,
    answered_at   INTEGER NOT NULL
) STRICT;

-- An answer is found from whichever end it hangs on; most hang on one, so the others need not fill an index.
CREATE INDEX form_answers_customer ON form_answers (customer_id) WHERE customer_id IS NOT NULL;
CREATE INDEX form_answers_order ON form_answers (order_id) WHERE order_id IS NOT NULL;
CREATE INDEX form_answers_ticket ON form_answers (ticket_id) WHERE ticket_id IS NOT NULL;
CREATE INDEX form_answers_membership ON form_answers (membership_id) WHERE membership_id IS NOT NULL;

-- A form's answers are searched and exported for a workgroup, and a field can have a period of its own (F-1, F-2).
CREATE INDEX form_answers_form ON form_answers (workgroup, form, field);
