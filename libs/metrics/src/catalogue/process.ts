import { EXPORTING_APPS, type Metric } from '../metric.js';
import { exported } from './entries.js';

const every = (
  kind: 'counter' | 'gauge' | 'histogram',
  name: string,
  help: string,
  labels: Readonly<Record<string, string>> = {},
) => exported(EXPORTING_APPS, kind, name, help, labels, 'process');

const space = { space: 'The space of the heap: new, old, code and the like.' };
const type = { type: 'What it is to Node.js: a socket, a timer and the like.' };

/** What every program tells of its process, by the client library of Prometheus for Node.js. */
export const PROCESS_METRICS: readonly Metric[] = [
  every('counter', 'process_cpu_user_seconds_total', 'CPU time of the process in its own code.'),
  every('counter', 'process_cpu_system_seconds_total', 'CPU time of the process in the kernel.'),
  every('counter', 'process_cpu_seconds_total', 'CPU time of the process, in its own code and in the kernel.'),
  every('gauge', 'process_start_time_seconds', 'When the process started, in seconds since 1970.'),
  every('gauge', 'process_resident_memory_bytes', 'Memory of the process that is in RAM.'),
  every('gauge', 'process_virtual_memory_bytes', 'Address space of the process, on Linux.'),
  every('gauge', 'process_heap_bytes', 'Data segment of the process, on Linux.'),
  every('gauge', 'process_open_fds', 'Files and sockets that are open, on Linux.'),
  every('gauge', 'process_max_fds', 'Most files and sockets that may be open, on Linux.'),
  every('gauge', 'nodejs_eventloop_lag_seconds', 'How late the event loop was when it was asked.'),
  every('gauge', 'nodejs_eventloop_lag_min_seconds', 'The least delay of the event loop since it was last asked.'),
  every('gauge', 'nodejs_eventloop_lag_max_seconds', 'The greatest delay of the event loop since it was last asked.'),
  every('gauge', 'nodejs_eventloop_lag_mean_seconds', 'The mean delay of the event loop since it was last asked.'),
  every(
    'gauge',
    'nodejs_eventloop_lag_stddev_seconds',
    'The standard deviation of the delays of the event loop since it was last asked.',
  ),
  every('gauge', 'nodejs_eventloop_lag_p50_seconds', 'The median delay of the event loop since it was last asked.'),
  every('gauge', 'nodejs_eventloop_lag_p90_seconds', 'The 90th percentile of the delays of the event loop.'),
  every('gauge', 'nodejs_eventloop_lag_p99_seconds', 'The 99th percentile of the delays of the event loop.'),
  every('gauge', 'nodejs_active_resources', 'What keeps the event loop alive, by type.', type),
  every('gauge', 'nodejs_active_resources_total', 'What keeps the event loop alive, all types together; a level.'),
  every('gauge', 'nodejs_active_handles', 'Open handles, by type.', type),
  every('gauge', 'nodejs_active_handles_total', 'Open handles, all types together; a level.'),
  every('gauge', 'nodejs_active_requests', 'Requests to the system that are under way, by type.', type),
  every('gauge', 'nodejs_active_requests_total', 'Requests to the system that are under way, all types; a level.'),
  every('gauge', 'nodejs_heap_size_total_bytes', 'Size of the heap.'),
  every('gauge', 'nodejs_heap_size_used_bytes', 'How much of the heap is used.'),
  every('gauge', 'nodejs_external_memory_bytes', 'Memory of objects outside of the heap.'),
  every('gauge', 'nodejs_heap_space_size_total_bytes', 'Size of each space of the heap.', space),
  every('gauge', 'nodejs_heap_space_size_used_bytes', 'How much of each space of the heap is used.', space),
  every('gauge', 'nodejs_heap_space_size_available_bytes', 'How much of each space of the heap is free.', space),
  every('gauge', 'nodejs_version_info', 'The version of Node.js in the labels; the value is 1.', {
    version: 'The version, with a v in front.',
    major: 'Its first number.',
    minor: 'Its second number.',
    patch: 'Its third number.',
  }),
  every('histogram', 'nodejs_gc_duration_seconds', 'How long collections of garbage took.', {
    kind: 'The kind of collection: major, minor, incremental or weakcb.',
  }),
];
