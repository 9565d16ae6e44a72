-- The daemon's own tables.
SELECT name FROM sqlite_schema WHERE name LIKE 'lapsed\_%' ESCAPE '\' AND type IN ('table', 'view') ORDER BY name
