-- No file stays that names somebody of the batch. An array and not a join: a join reads the table from end to end.
UPDATE lapsed_export
SET state = 'withdrawn'
WHERE state IN ('writing', 'finished')
  AND id = ANY (ARRAY(
      SELECT x.export FROM lapsed_export_subject x WHERE x.subject = ANY (ARRAY(SELECT b.subject FROM lapsed_batch b))
  ))
