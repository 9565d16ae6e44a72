-- The tenants $1 wait: who did not joins at the turn of those who do. Rows are locked in the order of their tenants.
INSERT INTO lapsed_turn AS t (tenant, waiting, vtime)
SELECT e, 1, coalesce(
    (SELECT min(vtime) FROM lapsed_turn WHERE waiting = 1), (SELECT max(vtime) FROM lapsed_turn WHERE waiting = 0), 0
)
FROM jsonb_array_elements_text($1::jsonb) e
ORDER BY e COLLATE "C"
ON CONFLICT (tenant) DO UPDATE SET waiting = 1, vtime = greatest(t.vtime, excluded.vtime) WHERE t.waiting = 0
