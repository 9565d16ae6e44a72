-- The program of start $1 left in order: its lease ends with it.
UPDATE lapsed_daemon SET stopped_at = $2, lease_until = least(lease_until, statement_timestamp()) WHERE start = $1
