-- Nobody is in the batch yet. Its table is the connection's, and held the one before.
DELETE FROM lapsed_batch
