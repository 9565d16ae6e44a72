-- Somebody has a new address.
\set customer random(1, :customers)
UPDATE customers SET phone = '+999' || :customer, street = 'Bench ' || :customer WHERE id = :customer AND anonymised_at IS NULL;
