-- What becomes of the people in `script_batch` (R-6 to R-8), written by hand: their orders are looked up once, and
-- rows with nothing to clear are left alone. $3 now, $4 the day before which invoices need no recipient.
INSERT INTO script_order
SELECT o.id FROM script_batch b CROSS JOIN orders o WHERE o.customer_id = b.subject;

UPDATE form_answers SET value = NULL
WHERE value IS NOT NULL AND identifies = 1 AND id IN (
    SELECT a.id FROM script_batch b CROSS JOIN form_answers a WHERE a.customer_id = b.subject
    UNION ALL
    SELECT a.id FROM script_batch b CROSS JOIN memberships m CROSS JOIN form_answers a
    WHERE m.holder_id = b.subject AND a.membership_id = m.id
    UNION ALL
    SELECT a.id FROM script_order o CROSS JOIN tickets t CROSS JOIN form_answers a
    WHERE t.order_id = o.id AND a.ticket_id = t.id AND a.customer_id IS NULL AND a.membership_id IS NULL
    UNION ALL
    SELECT a.id FROM script_order o CROSS JOIN form_answers a
    WHERE a.order_id = o.id AND a.customer_id IS NULL AND a.membership_id IS NULL AND a.ticket_id IS NULL
);

UPDATE tickets SET holder_name = NULL
WHERE order_id IN (SELECT id FROM script_order) AND holder_name IS NOT NULL;

UPDATE vouchers SET recipient_name = NULL
WHERE order_id IN (SELECT id FROM script_order) AND recipient_name IS NOT NULL;

UPDATE orders SET
    note = NULL,
    invoice_name = CASE WHEN ordered_at >= $4 THEN invoice_name END,
    invoice_address = CASE WHEN ordered_at >= $4 THEN invoice_address END
WHERE id IN (SELECT id FROM script_order)
  AND (note IS NOT NULL OR (ordered_at < $4 AND (invoice_name IS NOT NULL OR invoice_address IS NOT NULL)));

UPDATE reservations SET note = NULL
WHERE customer_id IN (SELECT subject FROM script_batch) AND note IS NOT NULL;

UPDATE appointments SET note = NULL
WHERE customer_id IN (SELECT subject FROM script_batch) AND note IS NOT NULL;

UPDATE web_users SET customer_id = NULL, username = NULL, email = NULL, display_name = NULL, anonymised_at = $3
WHERE customer_id IN (SELECT subject FROM script_batch);

UPDATE customers SET
    number = NULL, salutation = NULL, title = NULL, first_name = NULL, middle_name = NULL, last_name = 'DSGVO',
    company = NULL, email = NULL, phone = NULL, street = NULL, country = NULL, birth_date = NULL, language = NULL,
    description = 'Geändert im Zuge einer DSGVO-Anonymisierung', deleted_at = $3, anonymised_at = $3
WHERE id IN (SELECT subject FROM script_batch);

DELETE FROM lapsed_consent WHERE subject IN (SELECT subject FROM script_batch);

UPDATE orders SET invoice_name = NULL, invoice_address = NULL
WHERE customer_id IN (SELECT id FROM customers WHERE workgroup = $1 AND anonymised_at IS NOT NULL)
  AND ordered_at < $4 AND (invoice_name IS NOT NULL OR invoice_address IS NOT NULL);
