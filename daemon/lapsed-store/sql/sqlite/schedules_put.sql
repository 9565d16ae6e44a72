-- Schedules as their policies say them, from a JSON list of rows. One whose times stay goes on where it is.
INSERT INTO lapsed_schedule (id, tenant, workgroup, job, said, cron, zone, if_missed, overlap, catch_up_ms,
                             jitter_ms, next_slot_at, counts_from)
SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6,
       value ->> 7, value ->> 8, value ->> 9, value ->> 10, value ->> 11, value ->> 12
FROM json_each($1)
WHERE true
ON CONFLICT (id) DO UPDATE SET
    said = excluded.said,
    cron = excluded.cron,
    zone = excluded.zone,
    if_missed = excluded.if_missed,
    overlap = excluded.overlap,
    catch_up_ms = excluded.catch_up_ms,
    jitter_ms = excluded.jitter_ms,
    next_slot_at = CASE WHEN cron = excluded.cron AND zone = excluded.zone AND next_slot_at IS NOT NULL
                        THEN next_slot_at ELSE excluded.next_slot_at END,
    counts_from = CASE WHEN cron = excluded.cron AND zone = excluded.zone AND next_slot_at IS NOT NULL
                       THEN counts_from ELSE excluded.counts_from END
