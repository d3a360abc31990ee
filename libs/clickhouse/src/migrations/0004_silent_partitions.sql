-- Whether no emitter of the partition was heard lately. It may hold answers up all the same (idle = 0), until its last
-- buckets have been recounted.
ALTER TABLE progress ADD COLUMN IF NOT EXISTS silent UInt8 AFTER idle;
