-- What becomes of the people in `script_batch` (R-6 to R-8), written by hand: their orders are looked up once, and
-- rows with nothing to clear are left alone. $3 now, $4 the day before which invoices need no recipient.
INSERT INTO script_order
SELECT o.id, o.ordered_at FROM script_batch b JOIN orders o ON o.customer_id = b.subject;

ANALYZE script_order;

UPDATE form_answers f SET value = NULL
FROM (
    SELECT a.id FROM script_batch b JOIN form_answers a ON a.customer_id = b.subject
    UNION
    SELECT a.id FROM script_batch b JOIN memberships m ON m.holder_id = b.subject
                                    JOIN form_answers a ON a.membership_id = m.id
    UNION
    SELECT a.id FROM script_order o JOIN tickets t ON t.order_id = o.id JOIN form_answers a ON a.ticket_id = t.id
    WHERE a.customer_id IS NULL AND a.membership_id IS NULL
    UNION
    SELECT a.id FROM script_order o JOIN form_answers a ON a.order_id = o.id
    WHERE a.customer_id IS NULL AND a.membership_id IS NULL AND a.ticket_id IS NULL
) x
WHERE f.id = x.id AND f.value IS NOT NULL AND f.identifies = 1;

UPDATE tickets t SET holder_name = NULL
FROM script_order o
WHERE t.order_id = o.id AND t.holder_name IS NOT NULL;

UPDATE vouchers v SET recipient_name = NULL
FROM script_order o
WHERE v.order_id = o.id AND v.recipient_name IS NOT NULL;

UPDATE orders o SET
    note = NULL,
    invoice_name = CASE WHEN o.ordered_at >= $4 THEN invoice_name END,
    invoice_address = CASE WHEN o.ordered_at >= $4 THEN invoice_address END
FROM script_order b
WHERE o.id = b.id
  AND (note IS NOT NULL OR (o.ordered_at < $4 AND (invoice_name IS NOT NULL OR invoice_address IS NOT NULL)));

UPDATE reservations r SET note = NULL
FROM script_batch b
WHERE r.customer_id = b.subject AND r.note IS NOT NULL;

UPDATE appointments a SET note = NULL
FROM script_batch b
WHERE a.customer_id = b.subject AND a.note IS NOT NULL;

UPDATE web_users u SET customer_id = NULL, username = NULL, email = NULL, display_name = NULL, anonymised_at = $3
FROM script_batch b
WHERE u.customer_id = b.subject;

UPDATE customers c SET
    number = NULL, salutation = NULL, title = NULL, first_name = NULL, middle_name = NULL, last_name = 'DSGVO',
    company = NULL, email = NULL, phone = NULL, street = NULL, country = NULL, birth_date = NULL, language = NULL,
    description = 'Geändert im Zuge einer DSGVO-Anonymisierung', deleted_at = $3, anonymised_at = $3
FROM script_batch b
WHERE c.id = b.subject;

DELETE FROM lapsed_consent x
USING (SELECT to_jsonb(subject) AS subject FROM script_batch) b
WHERE x.subject = b.subject;

UPDATE orders o SET invoice_name = NULL, invoice_address = NULL
FROM customers c
WHERE c.workgroup = $1 AND c.anonymised_at IS NOT NULL AND o.customer_id = c.id
  AND o.ordered_at < $4 AND (o.invoice_name IS NOT NULL OR o.invoice_address IS NOT NULL);
