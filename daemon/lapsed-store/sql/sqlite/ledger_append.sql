-- Entries, sealed, from a JSON list of rows.
INSERT INTO lapsed_ledger (tenant, sequence, at, kind, payload, salt, payload_digest, hash, key, mac)
SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4,
       value ->> 5, value ->> 6, value ->> 7, value ->> 8, value ->> 9
FROM json_each($1)
