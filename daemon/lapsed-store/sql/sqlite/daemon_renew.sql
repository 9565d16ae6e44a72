-- There is one program, and it is this one as long as none began after it; a lease of $2 does not run.
SELECT '', 1 FROM lapsed_daemon WHERE start = $1 AND $2 IS NOT NULL
