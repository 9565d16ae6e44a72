-- Whoever is judged again must not buy meanwhile: locked in one statement, judged in the next.
SELECT c.id FROM script_plan p JOIN customers c ON c.id = p.subject WHERE p.workgroup = $1 ORDER BY c.id FOR UPDATE OF c
