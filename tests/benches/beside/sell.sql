-- Somebody buys two tickets.
\set customer random(1, :customers)
\set event random(1, :events)
BEGIN;
SELECT id, last_name FROM customers WHERE id = :customer FOR SHARE;
INSERT INTO orders (workgroup, customer_id, number, ordered_at, status, total_cents)
SELECT workgroup, id, 'B-' || :customer, 1795345200000, 'paid', 4200 FROM customers WHERE id = :customer
RETURNING id \gset sold_
INSERT INTO tickets (order_id, event_id, rate, price_cents) VALUES (:sold_id, :event, 'full price', 2100), (:sold_id, :event, 'full price', 2100);
COMMIT;
