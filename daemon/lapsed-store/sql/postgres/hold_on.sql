-- A run that is still this owner's: locked until the transaction ends. An owner whose lease has ended has none.
UPDATE lapsed_run
SET attempt = attempt
WHERE id = $1 AND owner = $2 AND fence = $3 AND state = 'running'
  AND (SELECT 1 FROM lapsed_daemon d WHERE d.start = $2 AND d.lease_until > statement_timestamp()) IS NOT NULL
