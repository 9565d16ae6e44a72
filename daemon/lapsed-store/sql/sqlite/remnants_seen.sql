-- Since when there are remnants, and by what it is known whether others came since.
SELECT since, CAST(batches AS TEXT) AS seen FROM lapsed_remnants
