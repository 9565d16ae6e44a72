-- A run that may be claimed at once, and whom it is about: as its payload says, or the request that is named there.
INSERT INTO lapsed_run (tenant, workgroup, job, payload, asked_by, created_at, due_at, state, subject)
VALUES ($1, $2, $3, $4, $5, $6, $6, 'available', coalesce(
    json_extract($4, '$.subject'),
    json_extract($4, '$.customer'),
    (SELECT r.subject FROM lapsed_request r WHERE r.id = json_extract($4, '$.request'))
))
RETURNING id
