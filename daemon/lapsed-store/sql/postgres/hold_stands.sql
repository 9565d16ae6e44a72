-- The hold $1, unless somebody lifted it or saw it end. Whoever wants to do so now waits until this transaction is done.
SELECT id
FROM lapsed_hold
WHERE id = $1 AND lifted_at IS NULL AND ended_at IS NULL
FOR SHARE
