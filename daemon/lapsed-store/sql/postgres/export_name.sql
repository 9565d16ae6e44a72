-- The people whose keys are listed in $2 stand in the file $1.
INSERT INTO lapsed_export_subject (export, subject)
SELECT $1, value FROM jsonb_array_elements($2::jsonb)
