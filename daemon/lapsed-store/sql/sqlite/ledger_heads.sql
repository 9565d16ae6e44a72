-- The new heads, from a JSON list of rows: the last that a transaction writes.
INSERT INTO lapsed_ledger_head (tenant, sequence, hash)
SELECT value ->> 0, value ->> 1, value ->> 2
FROM json_each($1)
WHERE true
ON CONFLICT (tenant) DO UPDATE SET sequence = excluded.sequence, hash = excluded.hash
