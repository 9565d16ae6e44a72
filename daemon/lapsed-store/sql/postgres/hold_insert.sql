-- A hold as it is placed; whom it holds, and since when they are there, come as JSON.
INSERT INTO lapsed_hold (id, tenant, kind, workgroup, subject, record, reason, placed_at, placed_by, ends_at, created)
VALUES ($1, $2, $3, $4, $5::jsonb, $6, $7, $8, $9, $10, $11::jsonb)
