-- A run that is still this owner's: locked until the transaction ends.
UPDATE lapsed_run
SET attempt = attempt
WHERE id = $1 AND owner = $2 AND fence = $3 AND state = 'running'
