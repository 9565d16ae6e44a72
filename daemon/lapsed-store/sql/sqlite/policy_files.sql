-- What the one machine's files said when they were taken up: what is in force. Its name $1 is of no use here.
SELECT tenant, hash, 1 AS is_here FROM lapsed_policy_in_force WHERE $1 IS NOT NULL
