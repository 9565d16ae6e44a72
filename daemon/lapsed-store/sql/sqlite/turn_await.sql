-- The tenants $1 wait: who did not joins at the turn of those who do.
INSERT INTO lapsed_turn (tenant, waiting, vtime)
SELECT value, 1, coalesce(
    (SELECT min(vtime) FROM lapsed_turn WHERE waiting = 1), (SELECT max(vtime) FROM lapsed_turn), 0
)
FROM json_each($1)
WHERE true
ON CONFLICT (tenant) DO UPDATE SET waiting = 1, vtime = max(vtime, excluded.vtime) WHERE waiting = 0
