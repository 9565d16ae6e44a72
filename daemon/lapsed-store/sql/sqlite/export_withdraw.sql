-- No file stays that names somebody of the batch. Each of these is looked up: a join might walk through everybody of every file.
UPDATE lapsed_export
SET state = 'withdrawn'
WHERE state IN ('writing', 'finished')
  AND id IN (SELECT x.export FROM lapsed_batch b CROSS JOIN lapsed_export_subject x ON x.subject = b.subject)
