-- A batch left remnants at $1.
INSERT INTO lapsed_remnant (since) VALUES ($1)
