-- A run that may be claimed at once, and whom it is about: as its payload says, or the request that is named there.
INSERT INTO lapsed_run (tenant, workgroup, job, payload, asked_by, created_at, due_at, state, subject)
VALUES ($1, $2, $3, $4, $5, $6, $6, 'available', coalesce(
    nullif($4::jsonb -> 'subject', 'null'),
    nullif($4::jsonb -> 'customer', 'null'),
    (SELECT r.subject FROM lapsed_request r WHERE r.id = $4::jsonb ->> 'request')
))
RETURNING id
