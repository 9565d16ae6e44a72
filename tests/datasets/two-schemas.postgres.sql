-- People in one schema, sales in another; see two-schemas.toml.

CREATE SCHEMA crm;
CREATE SCHEMA shop;

CREATE TABLE crm.person (
    id        bigint      PRIMARY KEY,
    house     text        NOT NULL,
    full_name text        NOT NULL,
    mail      text,
    made      timestamptz NOT NULL,
    gone      timestamptz
);
CREATE INDEX person_house ON crm.person (house, gone, id);

CREATE TABLE shop.sale (
    id       bigint      NOT NULL,
    person   bigint      NOT NULL REFERENCES crm.person (id),
    at       timestamptz NOT NULL,
    state    text        NOT NULL DEFAULT 'paid',
    gift_for text,
    PRIMARY KEY (id, at)
) PARTITION BY RANGE (at);
CREATE TABLE shop.sale_of_old PARTITION OF shop.sale FOR VALUES FROM (MINVALUE) TO ('2023-01-01Z');
CREATE TABLE shop.sale_of_late PARTITION OF shop.sale FOR VALUES FROM ('2023-01-01Z') TO (MAXVALUE);
CREATE INDEX sale_person ON shop.sale (person);
CREATE INDEX sale_id ON shop.sale (id);

CREATE VIEW shop.counted AS SELECT id, person, at FROM shop.sale WHERE state <> 'void';
