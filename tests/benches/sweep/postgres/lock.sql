-- Whoever is judged again must not buy, sign in or rebook meanwhile: they and what they are judged by are locked in these
-- statements, and judged in the next.
SELECT c.id FROM script_plan p JOIN customers c ON c.id = p.subject WHERE p.workgroup = $1 ORDER BY c.id FOR UPDATE OF c;

SELECT count(*) FROM (
    SELECT 1 FROM script_plan p JOIN web_users u ON u.customer_id = p.subject WHERE p.workgroup = $1 FOR UPDATE OF u NOWAIT
) locked;

SELECT count(*) FROM (
    SELECT 1 FROM script_plan p JOIN orders o ON o.customer_id = p.subject WHERE p.workgroup = $1 FOR UPDATE OF o NOWAIT
) locked;

SELECT count(*) FROM (
    SELECT 1 FROM script_plan p JOIN orders o ON o.customer_id = p.subject JOIN tickets t ON t.order_id = o.id
    WHERE p.workgroup = $1 FOR UPDATE OF t NOWAIT
) locked;

SELECT count(*) FROM (
    SELECT 1 FROM script_plan p JOIN orders o ON o.customer_id = p.subject JOIN vouchers v ON v.order_id = o.id
    WHERE p.workgroup = $1 FOR UPDATE OF v NOWAIT
) locked;

SELECT count(*) FROM (
    SELECT 1 FROM script_plan p JOIN orders o ON o.customer_id = p.subject JOIN articles a ON a.order_id = o.id
    WHERE p.workgroup = $1 FOR UPDATE OF a NOWAIT
) locked;

SELECT count(*) FROM (
    SELECT 1 FROM script_plan p JOIN memberships m ON m.holder_id = p.subject WHERE p.workgroup = $1 FOR UPDATE OF m NOWAIT
) locked;

SELECT count(*) FROM (
    SELECT 1 FROM script_plan p JOIN reservations r ON r.customer_id = p.subject WHERE p.workgroup = $1 FOR UPDATE OF r NOWAIT
) locked;

SELECT count(*) FROM (
    SELECT 1 FROM script_plan p JOIN appointments a ON a.customer_id = p.subject WHERE p.workgroup = $1 FOR UPDATE OF a NOWAIT
) locked;
