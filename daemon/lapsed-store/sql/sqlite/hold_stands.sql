-- The hold $1, unless somebody lifted it or saw it end.
SELECT id
FROM lapsed_hold
WHERE id = $1 AND lifted_at IS NULL AND ended_at IS NULL
