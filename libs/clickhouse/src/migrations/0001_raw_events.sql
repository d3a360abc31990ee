-- Raw events: a row is a pure function of the record, and its identity (instance, sequence, idx) ends the sorting key,
-- so that a row inserted again is the same row. No TTL: retention drops whole partitions once nothing can need them.

-- cache.window: exact counts of one cache tier over one window.
CREATE TABLE IF NOT EXISTS cache_windows
(
    cache LowCardinality(String),
    tier LowCardinality(String),
    window_ms UInt32,
    hits UInt64,
    stale_hits UInt64,
    misses UInt64,
    negative_hits UInt64,
    errors UInt64,
    loads UInt64,
    load_errors UInt64,
    writes UInt64,
    evicted UInt64,
    expired UInt64,
    invalidated UInt64,
    replaced UInt64,
    rejected UInt64,
    cleared UInt64,
    entries Nullable(UInt64),
    bytes Nullable(UInt64),
    max_entries Nullable(UInt64),
    max_bytes Nullable(UInt64),
    get_count UInt64,
    get_sum UInt64,
    get_zero UInt64,
    get_bins Map(Int16, UInt64),
    load_count UInt64,
    load_sum UInt64,
    load_zero UInt64,
    load_bins Map(Int16, UInt64),
    service LowCardinality(String),
    service_version LowCardinality(String),
    platform LowCardinality(String),
    time DateTime64(3, 'UTC'),
    bucket_end DateTime('UTC'),
    instance UUID,
    sequence UInt64,
    idx UInt32,
    row_version UInt64
)
ENGINE = ReplacingMergeTree(row_version)
PARTITION BY toDate(bucket_end)
PRIMARY KEY (service, cache, bucket_end)
ORDER BY (service, cache, bucket_end, instance, sequence, idx)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 0;

-- cache.access: one access to a key chosen by its hash.
CREATE TABLE IF NOT EXISTS cache_accesses
(
    cache LowCardinality(String),
    tier LowCardinality(String),
    key_hash UInt64,
    operation LowCardinality(String),
    result LowCardinality(String),
    bytes Nullable(UInt64),
    cost_ns Nullable(UInt64),
    age_ms Nullable(UInt64),
    ttl_ms Nullable(UInt64),
    rate Float64,
    service LowCardinality(String),
    service_version LowCardinality(String),
    platform LowCardinality(String),
    time DateTime64(3, 'UTC'),
    bucket_end DateTime('UTC'),
    instance UUID,
    sequence UInt64,
    idx UInt32,
    row_version UInt64
)
ENGINE = ReplacingMergeTree(row_version)
PARTITION BY toDate(bucket_end)
PRIMARY KEY (service, cache, bucket_end)
ORDER BY (service, cache, bucket_end, instance, sequence, idx)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 0;

-- cache.change: a step in a cache's life.
CREATE TABLE IF NOT EXISTS cache_changes
(
    cache LowCardinality(String),
    tier LowCardinality(String),
    change LowCardinality(String),
    changed_by LowCardinality(String),
    entries Nullable(UInt64),
    bytes Nullable(UInt64),
    settings Map(LowCardinality(String), String),
    revision Nullable(UInt64),
    service LowCardinality(String),
    service_version LowCardinality(String),
    platform LowCardinality(String),
    time DateTime64(3, 'UTC'),
    bucket_end DateTime('UTC'),
    instance UUID,
    sequence UInt64,
    idx UInt32,
    row_version UInt64
)
ENGINE = ReplacingMergeTree(row_version)
PARTITION BY toDate(bucket_end)
PRIMARY KEY (service, cache, bucket_end)
ORDER BY (service, cache, bucket_end, instance, sequence, idx)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 0;

-- load.finished: one load, every phase of it.
CREATE TABLE IF NOT EXISTS load_events
(
    resource LowCardinality(String),
    resource_hash UInt64,
    source LowCardinality(String),
    priority LowCardinality(String),
    trigger LowCardinality(String),
    outcome LowCardinality(String),
    queued_ns UInt64,
    first_byte_ns Nullable(UInt64),
    total_ns UInt64,
    bytes UInt64,
    attempts UInt32,
    stalls UInt32,
    stalled_ns UInt64,
    predicted_ns Nullable(UInt64),
    prefetch LowCardinality(String),
    service LowCardinality(String),
    service_version LowCardinality(String),
    platform LowCardinality(String),
    time DateTime64(3, 'UTC'),
    bucket_end DateTime('UTC'),
    instance UUID,
    sequence UInt64,
    idx UInt32,
    row_version UInt64
)
ENGINE = ReplacingMergeTree(row_version)
PARTITION BY toDate(bucket_end)
PRIMARY KEY (service, resource, bucket_end)
ORDER BY (service, resource, bucket_end, instance, sequence, idx)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 0;

-- load.stalled: a load that was stuck.
CREATE TABLE IF NOT EXISTS load_stalls
(
    resource LowCardinality(String),
    resource_hash UInt64,
    source LowCardinality(String),
    priority LowCardinality(String),
    elapsed_ns UInt64,
    since_progress_ns UInt64,
    bytes UInt64,
    service LowCardinality(String),
    service_version LowCardinality(String),
    platform LowCardinality(String),
    time DateTime64(3, 'UTC'),
    bucket_end DateTime('UTC'),
    instance UUID,
    sequence UInt64,
    idx UInt32,
    row_version UInt64
)
ENGINE = ReplacingMergeTree(row_version)
PARTITION BY toDate(bucket_end)
PRIMARY KEY (service, resource, bucket_end)
ORDER BY (service, resource, bucket_end, instance, sequence, idx)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 0;

-- metric: name, labels, type and value.
CREATE TABLE IF NOT EXISTS metric_events
(
    name LowCardinality(String),
    type LowCardinality(String),
    labels Map(LowCardinality(String), String),
    window_ms UInt32,
    value Float64,
    histogram_count UInt64,
    histogram_sum Float64,
    histogram_zero UInt64,
    histogram_bins Map(Int16, UInt64),
    service LowCardinality(String),
    service_version LowCardinality(String),
    platform LowCardinality(String),
    time DateTime64(3, 'UTC'),
    bucket_end DateTime('UTC'),
    instance UUID,
    sequence UInt64,
    idx UInt32,
    row_version UInt64
)
ENGINE = ReplacingMergeTree(row_version)
PARTITION BY toDate(bucket_end)
PRIMARY KEY (service, name, bucket_end)
ORDER BY (service, name, bucket_end, instance, sequence, idx)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 0;
