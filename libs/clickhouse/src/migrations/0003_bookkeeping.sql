-- What was inserted, by the identity of the batch. Kept longer than the log, so that a replay of the log finds it.
CREATE TABLE IF NOT EXISTS batches
(
    instance UUID,
    sequence UInt64,
    accepted_day Date,
    partition UInt32,
    offset UInt64,
    service LowCardinality(String),
    accepted_at DateTime64(3, 'UTC'),
    events UInt32,
    rejected UInt32,
    indexes Array(UInt32),
    hash String,
    dropped Map(LowCardinality(String), UInt64),
    earliest_bucket DateTime('UTC'),
    latest_bucket DateTime('UTC')
)
ENGINE = ReplacingMergeTree
PARTITION BY accepted_day
PRIMARY KEY (instance, sequence)
ORDER BY (instance, sequence, accepted_day, partition, offset)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 0;

-- Buckets to recount. `touch` is the mark's own identity: the insert's place in the log, or the recount below.
-- Consuming a mark inserts it again with consumed = 1. No TTL.
CREATE TABLE IF NOT EXISTS marks
(
    level LowCardinality(String),
    rollup LowCardinality(String),
    service LowCardinality(String),
    subject String,
    bucket_end DateTime('UTC'),
    partition UInt32,
    touch String,
    consumed UInt8
)
ENGINE = ReplacingMergeTree(consumed)
PARTITION BY toDate(bucket_end)
ORDER BY (partition, level, rollup, service, subject, bucket_end, touch)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 0;

-- How far each partition of the log is: the newest revision counts.
CREATE TABLE IF NOT EXISTS progress
(
    partition UInt32,
    committed UInt64,
    watermark DateTime64(3, 'UTC'),
    idle UInt8,
    settled_10s DateTime('UTC'),
    settled_1m DateTime('UTC'),
    settled_1h DateTime('UTC'),
    written_at DateTime64(3, 'UTC'),
    revision UInt64
)
ENGINE = ReplacingMergeTree(revision)
ORDER BY partition;

-- Events that were not accepted, and records that could not be read.
CREATE TABLE IF NOT EXISTS dead_letters
(
    accepted_day Date,
    instance UUID,
    sequence UInt64,
    idx UInt32,
    partition UInt32,
    offset UInt64,
    service LowCardinality(String),
    accepted_at DateTime64(3, 'UTC'),
    cause LowCardinality(String),
    reason String,
    pointer String,
    event String
)
ENGINE = ReplacingMergeTree
PARTITION BY accepted_day
ORDER BY (accepted_day, instance, sequence, idx, partition, offset)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 0;

-- What each round of the audit found.
CREATE TABLE IF NOT EXISTS audit
(
    time DateTime64(3, 'UTC'),
    scope LowCardinality(String),
    checked_from DateTime64(3, 'UTC'),
    checked_through DateTime64(3, 'UTC'),
    full UInt8,
    checked UInt64,
    lost UInt64,
    duplicated UInt64,
    conflicts UInt64,
    open_gaps UInt64,
    detail String
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(time)
ORDER BY (scope, time)
TTL toDateTime(time) + INTERVAL 400 DAY;

-- Single facts about the whole database, such as raw_from: the newest revision counts.
CREATE TABLE IF NOT EXISTS meta
(
    name String,
    value String,
    revision UInt64
)
ENGINE = ReplacingMergeTree(revision)
ORDER BY name;
