-- The heads of the tenants $1. There is one writer, so nobody else is behind them; $2 is of no use here.
SELECT tenant, sequence, hash
FROM lapsed_ledger_head
WHERE tenant IN (SELECT value FROM json_each($1)) AND $2 IS NOT NULL
