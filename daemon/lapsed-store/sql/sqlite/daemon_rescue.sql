-- Runs of earlier starts at $1: free again, or discarded where they were begun $2 times and got nowhere.
UPDATE lapsed_run INDEXED BY lapsed_run_unfinished
SET state = CASE WHEN attempt >= $2 THEN 'discarded' ELSE 'available' END,
    finished_at = CASE WHEN attempt >= $2 THEN $1 END,
    error = CASE
        WHEN attempt >= $2 THEN 'the program that ran it ended, again and again'
        ELSE 'the program that ran it ended'
    END,
    owner = NULL
WHERE state = 'running'
  AND finished_at IS NULL
  AND owner < (SELECT start FROM lapsed_daemon)
RETURNING state
