-- Plans that wait for somebody are counted every few seconds, and those that waited once stay for years.
CREATE INDEX lapsed_approval_waiting ON lapsed_approval (asked_at) WHERE approved_at IS NULL AND replaced_by IS NULL;

-- Other machines' batches are looked for behind an entry of the ledger.
CREATE INDEX lapsed_erasure_of_entry ON lapsed_erasure (tenant, sequence);
