-- Entries, sealed, from a JSON list of rows.
INSERT INTO lapsed_ledger (tenant, sequence, at, kind, payload, salt, payload_digest, hash, key, mac)
SELECT e ->> 0, (e ->> 1)::bigint, (e ->> 2)::bigint, e ->> 3, e ->> 4, e ->> 5, e ->> 6, e ->> 7, e ->> 8, e ->> 9
FROM jsonb_array_elements($1::jsonb) e
