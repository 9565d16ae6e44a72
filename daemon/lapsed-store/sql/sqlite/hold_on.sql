-- A run that is still this owner's: it got somewhere, so its attempts count anew.
UPDATE lapsed_run
SET attempt = 1
WHERE id = $1 AND owner = $2 AND fence = $3 AND state = 'running'
