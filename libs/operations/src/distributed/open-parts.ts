import type { ClickHouse } from '#libs/clickhouse';
import type { EventLog } from '#libs/event-log';
import type { TopicOptions } from '#libs/event-log/kafka';
import type { StateStore } from '#libs/state-store';
import type { ProgramBase } from '../program/begin-program.js';
import type { ClickHouseLogin } from '../settings/clickhouse-login.js';
import type { SettingsOf } from '../settings/settings.js';
import type { kafkaSettings } from '../settings/shared-settings.js';

// Each part is loaded when it is opened: a program pays only for those it has.

/** A program that opens parts by its settings. */
export interface KafkaProgram extends ProgramBase {
  readonly app: string;
  readonly values: SettingsOf<typeof kafkaSettings>;
}

/**
 * Connects to the log on Kafka.
 * @param random yields [0, 1). @param topics of a program that creates them.
 * @throws EventLogError when no broker answers.
 */
export async function openKafkaLog(
  program: KafkaProgram,
  random: () => number,
  topics: TopicOptions = {},
): Promise<EventLog> {
  const { KafkaEventLog } = await import('#libs/event-log/kafka');
  const eventLog = await KafkaEventLog.open({ ...connection(program, random), topics });
  program.shutdown.add('close', 'log', () => eventLog.close());
  return eventLog;
}

/** Connects to the state on Kafka. @param random yields [0, 1). */
export async function openKafkaState(
  program: KafkaProgram,
  random: () => number,
  { timeoutMs }: { readonly timeoutMs: number },
): Promise<StateStore> {
  const { KafkaStateStore } = await import('#libs/state-store/kafka');
  const state = await KafkaStateStore.open({ ...connection(program, random), timeoutMs });
  program.shutdown.add('close', 'state', () => state.close());
  return state;
}

/** A client of the ClickHouse server; it connects with its first statement. */
export async function openClickHouse(login: ClickHouseLogin, { shutdown }: ProgramBase): Promise<ClickHouse> {
  const { ClickHouse } = await import('#libs/clickhouse');
  const clickhouse = new ClickHouse(login);
  shutdown.add('close', 'clickhouse', () => clickhouse.close());
  return clickhouse;
}

function connection({ app, values, clock }: KafkaProgram, random: () => number) {
  return { brokers: values.kafkaBrokers, clientId: `alperf-${app}`, clock, random };
}
