-- The program of start $1 left in order.
UPDATE lapsed_daemon SET stopped_at = $2 WHERE start = $1
