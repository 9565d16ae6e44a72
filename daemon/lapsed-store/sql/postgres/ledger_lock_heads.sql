-- The heads of the tenants $1, locked in their order until the transaction ends; a chain that begins gets the hash $2. That an
-- existing row is written anew is how one statement can both find and lock it.
INSERT INTO lapsed_ledger_head AS h (tenant, sequence, hash)
SELECT e, 0, $2
FROM jsonb_array_elements_text($1::jsonb) e
ORDER BY e COLLATE "C"
ON CONFLICT (tenant) DO UPDATE SET sequence = h.sequence
RETURNING tenant, sequence, hash
