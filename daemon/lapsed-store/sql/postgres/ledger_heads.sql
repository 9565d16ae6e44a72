-- The new heads, from a JSON list of rows: the last that a transaction writes. They are locked, and so they are there. They are
-- looked up by an array: for a join alone the planner reads every tenant's head.
UPDATE lapsed_ledger_head h
SET sequence = (e ->> 1)::bigint, hash = e ->> 2
FROM jsonb_array_elements($1::jsonb) e
WHERE h.tenant = e ->> 0
  AND h.tenant = ANY (ARRAY(SELECT n ->> 0 FROM jsonb_array_elements($1::jsonb) n))
