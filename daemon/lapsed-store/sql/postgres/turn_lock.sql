-- Locks the turns of the tenants in $1, in their order.
SELECT tenant
FROM lapsed_turn
WHERE tenant = ANY (ARRAY(SELECT e ->> 0 FROM jsonb_array_elements($1::jsonb) e))
ORDER BY tenant
FOR UPDATE
