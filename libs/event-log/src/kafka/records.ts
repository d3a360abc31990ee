import type { KafkaMessage } from 'kafkajs';
import type { LogRecord } from '../event-log.js';

const EMPTY = new Uint8Array(0);

/** A record as the port has it. Key and headers are text; a record without a value has an empty one. */
export function toLogRecord(partition: number, message: KafkaMessage): LogRecord {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(message.headers ?? {}))
    if (value !== undefined) headers[name] = String(Array.isArray(value) ? value.at(-1) : value);
  return {
    partition,
    offset: BigInt(message.offset),
    appendedAt: Number(message.timestamp),
    key: message.key?.toString() ?? '',
    value: message.value ?? EMPTY,
    headers,
  };
}
