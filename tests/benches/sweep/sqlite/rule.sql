-- The first rule of R-2 that makes person `c` a candidate. $1 workgroup, $2 cut-off, $3 now.
CASE
WHEN EXISTS (SELECT 1 FROM orders o JOIN tickets t ON t.order_id = o.id JOIN events e ON e.id = t.event_id
             WHERE o.customer_id = c.id AND o.status <> 'cancelled'
               AND coalesce(e.ends_at, e.starts_at) < $2) THEN 1
WHEN EXISTS (SELECT 1 FROM orders o JOIN vouchers v ON v.order_id = o.id
             WHERE o.customer_id = c.id AND o.ordered_at < $2 AND o.status <> 'cancelled') THEN 2
WHEN EXISTS (SELECT 1 FROM memberships m LEFT JOIN orders o ON o.id = m.order_id
             WHERE m.holder_id = c.id AND m.status = 'active' AND m.expires_at < $3
               AND coalesce(o.status, 'none') <> 'cancelled') THEN 3
WHEN EXISTS (SELECT 1 FROM memberships m LEFT JOIN orders o ON o.id = m.order_id
             WHERE m.holder_id = c.id AND m.status = 'revoked'
               AND coalesce(o.status, 'none') <> 'cancelled') THEN 4
WHEN EXISTS (SELECT 1 FROM orders o JOIN memberships m ON m.order_id = o.id
             WHERE o.customer_id = c.id AND o.status <> 'cancelled'
               AND m.status = 'active' AND m.expires_at < $3) THEN 5
WHEN EXISTS (SELECT 1 FROM orders o JOIN memberships m ON m.order_id = o.id
             WHERE o.customer_id = c.id AND o.status <> 'cancelled' AND m.status = 'revoked') THEN 6
WHEN c.created_at < $2
 AND NOT EXISTS (SELECT 1 FROM orders o WHERE o.customer_id = c.id AND o.status <> 'cancelled') THEN 7
WHEN EXISTS (SELECT 1 FROM appointments a
             WHERE a.customer_id = c.id AND a.starts_at < $2 AND a.status <> 'cancelled') THEN 8
END
