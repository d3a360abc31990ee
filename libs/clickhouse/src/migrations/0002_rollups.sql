-- Rollups: whole buckets counted anew from the level below, never incremented. `version` is the number of events in
-- the bucket; it only grows while the raw events live, so the fullest recount wins, in whatever order they come.
-- Histograms are additive: bins are summed. Gauges keep the sum over instances of their last value, and the highest sum.

CREATE TABLE IF NOT EXISTS cache_10s
(
    service LowCardinality(String),
    cache LowCardinality(String),
    tier LowCardinality(String),
    service_version LowCardinality(String),
    platform LowCardinality(String),
    bucket_end DateTime('UTC'),
    windows UInt64,
    resolution_ms UInt32,
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
    entries_last Nullable(UInt64),
    entries_highest Nullable(UInt64),
    bytes_last Nullable(UInt64),
    bytes_highest Nullable(UInt64),
    max_entries_last Nullable(UInt64),
    max_entries_highest Nullable(UInt64),
    max_bytes_last Nullable(UInt64),
    max_bytes_highest Nullable(UInt64),
    get_count UInt64,
    get_sum UInt64,
    get_zero UInt64,
    get_bins Map(Int16, UInt64),
    load_count UInt64,
    load_sum UInt64,
    load_zero UInt64,
    load_bins Map(Int16, UInt64),
    version UInt64
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY toDate(bucket_end)
PRIMARY KEY (service, cache, bucket_end)
ORDER BY (service, cache, bucket_end, tier, service_version, platform)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 0;

CREATE TABLE IF NOT EXISTS cache_1m
(
    service LowCardinality(String),
    cache LowCardinality(String),
    tier LowCardinality(String),
    service_version LowCardinality(String),
    platform LowCardinality(String),
    bucket_end DateTime('UTC'),
    windows UInt64,
    resolution_ms UInt32,
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
    entries_last Nullable(UInt64),
    entries_highest Nullable(UInt64),
    bytes_last Nullable(UInt64),
    bytes_highest Nullable(UInt64),
    max_entries_last Nullable(UInt64),
    max_entries_highest Nullable(UInt64),
    max_bytes_last Nullable(UInt64),
    max_bytes_highest Nullable(UInt64),
    get_count UInt64,
    get_sum UInt64,
    get_zero UInt64,
    get_bins Map(Int16, UInt64),
    load_count UInt64,
    load_sum UInt64,
    load_zero UInt64,
    load_bins Map(Int16, UInt64),
    version UInt64
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY toYYYYMM(bucket_end)
PRIMARY KEY (service, cache, bucket_end)
ORDER BY (service, cache, bucket_end, tier, service_version, platform)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 0;

CREATE TABLE IF NOT EXISTS cache_1h
(
    service LowCardinality(String),
    cache LowCardinality(String),
    tier LowCardinality(String),
    service_version LowCardinality(String),
    platform LowCardinality(String),
    bucket_end DateTime('UTC'),
    windows UInt64,
    resolution_ms UInt32,
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
    entries_last Nullable(UInt64),
    entries_highest Nullable(UInt64),
    bytes_last Nullable(UInt64),
    bytes_highest Nullable(UInt64),
    max_entries_last Nullable(UInt64),
    max_entries_highest Nullable(UInt64),
    max_bytes_last Nullable(UInt64),
    max_bytes_highest Nullable(UInt64),
    get_count UInt64,
    get_sum UInt64,
    get_zero UInt64,
    get_bins Map(Int16, UInt64),
    load_count UInt64,
    load_sum UInt64,
    load_zero UInt64,
    load_bins Map(Int16, UInt64),
    version UInt64
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY toYear(bucket_end)
PRIMARY KEY (service, cache, bucket_end)
ORDER BY (service, cache, bucket_end, tier, service_version, platform)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 0;

CREATE TABLE IF NOT EXISTS loads_10s
(
    service LowCardinality(String),
    resource LowCardinality(String),
    source LowCardinality(String),
    priority LowCardinality(String),
    trigger LowCardinality(String),
    outcome LowCardinality(String),
    service_version LowCardinality(String),
    platform LowCardinality(String),
    bucket_end DateTime('UTC'),
    loads UInt64,
    bytes UInt64,
    attempts UInt64,
    stalls UInt64,
    stalled_ns UInt64,
    prefetch_used UInt64,
    prefetch_wasted UInt64,
    queued_count UInt64,
    queued_sum UInt64,
    queued_zero UInt64,
    queued_bins Map(Int16, UInt64),
    first_byte_count UInt64,
    first_byte_sum UInt64,
    first_byte_zero UInt64,
    first_byte_bins Map(Int16, UInt64),
    total_count UInt64,
    total_sum UInt64,
    total_zero UInt64,
    total_bins Map(Int16, UInt64),
    version UInt64
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY toDate(bucket_end)
PRIMARY KEY (service, resource, bucket_end)
ORDER BY (service, resource, bucket_end, source, priority, trigger, outcome, service_version, platform)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 0;

CREATE TABLE IF NOT EXISTS loads_1m
(
    service LowCardinality(String),
    resource LowCardinality(String),
    source LowCardinality(String),
    priority LowCardinality(String),
    trigger LowCardinality(String),
    outcome LowCardinality(String),
    service_version LowCardinality(String),
    platform LowCardinality(String),
    bucket_end DateTime('UTC'),
    loads UInt64,
    bytes UInt64,
    attempts UInt64,
    stalls UInt64,
    stalled_ns UInt64,
    prefetch_used UInt64,
    prefetch_wasted UInt64,
    queued_count UInt64,
    queued_sum UInt64,
    queued_zero UInt64,
    queued_bins Map(Int16, UInt64),
    first_byte_count UInt64,
    first_byte_sum UInt64,
    first_byte_zero UInt64,
    first_byte_bins Map(Int16, UInt64),
    total_count UInt64,
    total_sum UInt64,
    total_zero UInt64,
    total_bins Map(Int16, UInt64),
    version UInt64
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY toYYYYMM(bucket_end)
PRIMARY KEY (service, resource, bucket_end)
ORDER BY (service, resource, bucket_end, source, priority, trigger, outcome, service_version, platform)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 0;

CREATE TABLE IF NOT EXISTS loads_1h
(
    service LowCardinality(String),
    resource LowCardinality(String),
    source LowCardinality(String),
    priority LowCardinality(String),
    trigger LowCardinality(String),
    outcome LowCardinality(String),
    service_version LowCardinality(String),
    platform LowCardinality(String),
    bucket_end DateTime('UTC'),
    loads UInt64,
    bytes UInt64,
    attempts UInt64,
    stalls UInt64,
    stalled_ns UInt64,
    prefetch_used UInt64,
    prefetch_wasted UInt64,
    queued_count UInt64,
    queued_sum UInt64,
    queued_zero UInt64,
    queued_bins Map(Int16, UInt64),
    first_byte_count UInt64,
    first_byte_sum UInt64,
    first_byte_zero UInt64,
    first_byte_bins Map(Int16, UInt64),
    total_count UInt64,
    total_sum UInt64,
    total_zero UInt64,
    total_bins Map(Int16, UInt64),
    version UInt64
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY toYear(bucket_end)
PRIMARY KEY (service, resource, bucket_end)
ORDER BY (service, resource, bucket_end, source, priority, trigger, outcome, service_version, platform)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 0;

CREATE TABLE IF NOT EXISTS metrics_10s
(
    service LowCardinality(String),
    name LowCardinality(String),
    type LowCardinality(String),
    series String,
    labels Map(LowCardinality(String), String),
    service_version LowCardinality(String),
    platform LowCardinality(String),
    instance String,
    bucket_end DateTime('UTC'),
    samples UInt64,
    value_sum Float64,
    value_min Float64,
    value_max Float64,
    value_first Float64,
    value_last Float64,
    first_time DateTime64(3, 'UTC'),
    last_time DateTime64(3, 'UTC'),
    histogram_count UInt64,
    histogram_sum Float64,
    histogram_zero UInt64,
    histogram_bins Map(Int16, UInt64),
    version UInt64
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY toDate(bucket_end)
PRIMARY KEY (service, name, bucket_end)
ORDER BY (service, name, bucket_end, type, series, service_version, platform, instance)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 0;

CREATE TABLE IF NOT EXISTS metrics_1m
(
    service LowCardinality(String),
    name LowCardinality(String),
    type LowCardinality(String),
    series String,
    labels Map(LowCardinality(String), String),
    service_version LowCardinality(String),
    platform LowCardinality(String),
    instance String,
    bucket_end DateTime('UTC'),
    samples UInt64,
    value_sum Float64,
    value_min Float64,
    value_max Float64,
    value_first Float64,
    value_last Float64,
    first_time DateTime64(3, 'UTC'),
    last_time DateTime64(3, 'UTC'),
    histogram_count UInt64,
    histogram_sum Float64,
    histogram_zero UInt64,
    histogram_bins Map(Int16, UInt64),
    version UInt64
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY toYYYYMM(bucket_end)
PRIMARY KEY (service, name, bucket_end)
ORDER BY (service, name, bucket_end, type, series, service_version, platform, instance)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 0;

CREATE TABLE IF NOT EXISTS metrics_1h
(
    service LowCardinality(String),
    name LowCardinality(String),
    type LowCardinality(String),
    series String,
    labels Map(LowCardinality(String), String),
    service_version LowCardinality(String),
    platform LowCardinality(String),
    instance String,
    bucket_end DateTime('UTC'),
    samples UInt64,
    value_sum Float64,
    value_min Float64,
    value_max Float64,
    value_first Float64,
    value_last Float64,
    first_time DateTime64(3, 'UTC'),
    last_time DateTime64(3, 'UTC'),
    histogram_count UInt64,
    histogram_sum Float64,
    histogram_zero UInt64,
    histogram_bins Map(Int16, UInt64),
    version UInt64
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY toYear(bucket_end)
PRIMARY KEY (service, name, bucket_end)
ORDER BY (service, name, bucket_end, type, series, service_version, platform, instance)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 0;
