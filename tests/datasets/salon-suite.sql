-- A platform that was built by other people than those of the reference schema, and shares nothing with it: text
-- keys, ISO 8601 text for most instants, seconds for some and dates for others, a guest's branch in a table of its
-- own, and no column for who was anonymised.

CREATE TABLE branch (code TEXT PRIMARY KEY, belongs_to TEXT NOT NULL);

CREATE TABLE guest (
    uid       TEXT PRIMARY KEY,
    username  TEXT NOT NULL UNIQUE,
    full_name TEXT NOT NULL,
    mail      TEXT NOT NULL,
    mobile    TEXT,
    profile   TEXT,                       -- JSON: { "address": { "street", "city" }, "nickname", "newsletter" }
    remark    TEXT,
    joined_on TEXT NOT NULL               -- a date
);

CREATE TABLE guest_branch (
    guest_uid   TEXT NOT NULL REFERENCES guest (uid),
    branch_code TEXT NOT NULL REFERENCES branch (code),
    PRIMARY KEY (guest_uid, branch_code)
) WITHOUT ROWID;

CREATE TABLE visit (
    visit_no  INTEGER PRIMARY KEY,
    guest_uid TEXT NOT NULL REFERENCES guest (uid),
    begins    TEXT,                       -- ISO 8601, with an offset or without, with fractions or without
    state     TEXT NOT NULL DEFAULT 'done',
    comment   TEXT
);
CREATE INDEX visit_guest ON visit (guest_uid);

-- Before and after. The picture shows who it is, so nothing of the row may stay.
CREATE TABLE photo (
    photo_id INTEGER PRIMARY KEY,
    visit_no INTEGER NOT NULL REFERENCES visit (visit_no),
    caption  TEXT NOT NULL
);
CREATE INDEX photo_visit ON photo (visit_no);

CREATE TABLE receipt (
    receipt_no TEXT PRIMARY KEY,
    guest_uid  TEXT NOT NULL REFERENCES guest (uid),
    sold_at    INTEGER NOT NULL,          -- seconds
    cents      INTEGER NOT NULL
);
CREATE INDEX receipt_guest ON receipt (guest_uid);

CREATE TABLE receipt_line (
    line       INTEGER PRIMARY KEY,
    receipt_no TEXT NOT NULL REFERENCES receipt (receipt_no),
    what       TEXT NOT NULL,
    valid_till TEXT,                      -- the last day of a gift card
    engraving  TEXT
);
CREATE INDEX receipt_line_receipt ON receipt_line (receipt_no);

CREATE TABLE flat_rate (
    contract  INTEGER PRIMARY KEY,
    guest_uid TEXT NOT NULL REFERENCES guest (uid),
    last_day  TEXT                        -- a date; empty while it runs
);
CREATE INDEX flat_rate_guest ON flat_rate (guest_uid);

CREATE TABLE portal_login (
    login     TEXT PRIMARY KEY,
    guest_uid TEXT REFERENCES guest (uid),
    seen      INTEGER,                    -- seconds
    closed_at TEXT
);
CREATE INDEX portal_login_guest ON portal_login (guest_uid);

-- Hangs on the login only: once the login is cut off, nothing leads here any more.
CREATE TABLE portal_device (
    device TEXT PRIMARY KEY,
    login  TEXT NOT NULL REFERENCES portal_login (login),
    label  TEXT NOT NULL
);
CREATE INDEX portal_device_login ON portal_device (login);

-- One guest writes to another about a shared appointment: it belongs to both.
CREATE TABLE message (
    message_no INTEGER PRIMARY KEY,
    from_uid   TEXT REFERENCES guest (uid),
    to_uid     TEXT REFERENCES guest (uid),
    body       TEXT
);
CREATE INDEX message_from ON message (from_uid);
CREATE INDEX message_to ON message (to_uid);
