-- Moves tenants on by what they were served, from a JSON list of rows; who has nothing available leaves the line.
UPDATE lapsed_turn
SET vtime = vtime + (s.value ->> 1),
    waiting = EXISTS (SELECT 1 FROM lapsed_run r WHERE r.tenant = lapsed_turn.tenant AND r.state = 'available')
FROM json_each($1) s
WHERE lapsed_turn.tenant = s.value ->> 0
