-- They are gone, unless others came since $1 was seen.
DELETE FROM lapsed_remnants WHERE batches = CAST($1 AS INTEGER)
