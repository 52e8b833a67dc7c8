-- Since when the leads of a tenant wait because a process that was to decide them could not use its configuration; null: they do not. Without it each
-- of them was taken up and put back every ten seconds, and the relay read all that waited with every poll. It goes when a process can use one.
ALTER TABLE tenants ADD COLUMN closed_since timestamptz;
