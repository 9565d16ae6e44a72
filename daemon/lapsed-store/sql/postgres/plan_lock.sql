-- A plan as it stands inside a batch, locked: its next batch begins where this one ends, whoever carries it out.
SELECT *
FROM lapsed_plan
WHERE id = $1
FOR UPDATE
