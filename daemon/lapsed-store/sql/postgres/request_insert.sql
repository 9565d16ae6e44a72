-- A request as it is written down; whom it is about, and since when they are there, come as JSON.
INSERT INTO lapsed_request (
    id, tenant, workgroup, subject, kind, received_at, due_at, recorded_by, note, created, state
)
VALUES ($1, $2, $3, $4::jsonb, $5, $6, $7, $8, $9, $10::jsonb, 'open')
