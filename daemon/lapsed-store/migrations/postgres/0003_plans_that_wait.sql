-- Plans that wait for somebody are counted every few seconds, and those that waited once stay for years.
CREATE INDEX lapsed_approval_waiting ON lapsed_approval (asked_at) WHERE approved_at IS NULL AND replaced_by IS NULL;
