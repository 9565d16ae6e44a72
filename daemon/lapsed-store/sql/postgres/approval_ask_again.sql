-- Plans of the tenant $1 in the way $3 that are not carried out yet wait again, because of $2, whoever let them go.
UPDATE lapsed_approval
SET because = (because::jsonb || jsonb_build_array($2::jsonb))::text,
    approved_at = NULL, approved_by = NULL, reason = NULL
WHERE replaced_by IS NULL
  AND plan IN (SELECT id FROM lapsed_plan WHERE tenant = $1 AND way = $3 AND state <> 'applied')
