-- The box office looks somebody up.
\set customer random(1, :customers)
SELECT c.id, c.first_name, c.last_name, c.email FROM customers c WHERE c.id = :customer;
SELECT o.number, o.ordered_at, o.status FROM orders o WHERE o.customer_id = :customer ORDER BY o.ordered_at DESC LIMIT 10;
