-- Whom no rule of R-3 keeps, the cheapest first. It knows what no dataset can say: one walk over a person's orders
-- answers four rules at once, and an article that was bought after the cut-off stands in an order which was, too.
    c.created_at <= $2
AND NOT EXISTS (SELECT 1 FROM orders o WHERE o.customer_id = c.id AND o.ordered_at > $2)
AND NOT EXISTS (SELECT 1 FROM web_users u WHERE u.customer_id = c.id AND u.last_login_at > $2)
AND NOT EXISTS (SELECT 1 FROM appointments a
                WHERE a.customer_id = c.id AND a.starts_at > $2 AND a.status <> 'cancelled')
AND NOT EXISTS (SELECT 1 FROM reservations r JOIN events e ON e.id = r.event_id
                WHERE r.customer_id = c.id AND r.status = 'held' AND e.starts_at > $3)
AND NOT EXISTS (SELECT 1 FROM memberships m LEFT JOIN orders o ON o.id = m.order_id
                WHERE m.holder_id = c.id AND m.status = 'active' AND (m.expires_at > $2 OR m.expires_at IS NULL)
                  AND coalesce(o.status, 'none') <> 'cancelled')
AND NOT EXISTS (SELECT 1 FROM lapsed_active_consent a WHERE a.subject = +c.id AND (a.at > $3 OR a.at IS NULL))
AND NOT EXISTS (SELECT 1 FROM orders o
                WHERE o.customer_id = c.id AND o.status <> 'cancelled'
                  AND (EXISTS (SELECT 1 FROM tickets t JOIN events e ON e.id = t.event_id
                               WHERE t.order_id = o.id AND e.starts_at > $2)
                       OR EXISTS (SELECT 1 FROM vouchers v
                                  WHERE v.order_id = o.id AND (v.expires_at > $2 OR v.expires_at IS NULL))
                       OR EXISTS (SELECT 1 FROM memberships m
                                  WHERE m.order_id = o.id AND m.status = 'active'
                                    AND (m.expires_at > $2 OR m.expires_at IS NULL))
                       OR EXISTS (SELECT 1 FROM articles a JOIN events e ON e.id = a.event_id
                                  WHERE a.order_id = o.id AND e.starts_at > $2)))
