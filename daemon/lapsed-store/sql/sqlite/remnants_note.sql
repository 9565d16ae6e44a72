-- A batch left remnants at $1.
INSERT INTO lapsed_remnants (only_one, since, batches)
VALUES (1, $1, 1)
ON CONFLICT (only_one) DO UPDATE SET batches = batches + 1
