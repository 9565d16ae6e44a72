-- Schedules as their policies say them, from a JSON list of rows. One whose times stay goes on where it is.
INSERT INTO lapsed_schedule AS s (id, tenant, workgroup, job, said, cron, zone, if_missed, overlap, catch_up_ms,
                                  jitter_ms, next_slot_at, counts_from)
SELECT e ->> 0, e ->> 1, e ->> 2, e ->> 3, e ->> 4, e ->> 5, e ->> 6, e ->> 7, e ->> 8, (e ->> 9)::bigint,
       (e ->> 10)::bigint, (e ->> 11)::bigint, (e ->> 12)::bigint
FROM jsonb_array_elements($1::jsonb) e
ON CONFLICT (id) DO UPDATE SET
    said = excluded.said,
    cron = excluded.cron,
    zone = excluded.zone,
    if_missed = excluded.if_missed,
    overlap = excluded.overlap,
    catch_up_ms = excluded.catch_up_ms,
    jitter_ms = excluded.jitter_ms,
    next_slot_at = CASE WHEN s.cron = excluded.cron AND s.zone = excluded.zone AND s.next_slot_at IS NOT NULL
                        THEN s.next_slot_at ELSE excluded.next_slot_at END,
    counts_from = CASE WHEN s.cron = excluded.cron AND s.zone = excluded.zone AND s.next_slot_at IS NOT NULL
                       THEN s.counts_from ELSE excluded.counts_from END
