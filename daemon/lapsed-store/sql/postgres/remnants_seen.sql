-- Since when there are remnants, and by what it is known whether others came since: the numbers of their batches.
SELECT min(since) AS since, json_agg(number)::text AS seen
FROM lapsed_remnant
HAVING count(*) > 0
