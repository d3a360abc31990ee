import kafkajs, { type Admin } from 'kafkajs';
import { StateStoreError } from '../errors.js';

/** Creates the state topic when it is missing, and checks that it keeps the latest record of every key for good. */
export async function ensureStateTopic(admin: Admin, topic: string, replicationFactor?: number): Promise<void> {
  if (!(await admin.listTopics()).includes(topic)) await create(admin, topic, replicationFactor);
  const [found] = (await admin.fetchTopicMetadata({ topics: [topic] })).topics;
  if (found?.partitions.length !== 1)
    throw new StateStoreError(
      'STATE_MISCONFIGURED',
      `State topic ${topic} has ${found?.partitions.length} partitions; it needs one, which orders all writes.`,
      false,
    );
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: [{ type: kafkajs.ConfigResourceTypes.TOPIC, name: topic, configNames: ['cleanup.policy'] }],
  });
  const policy = resources[0]?.configEntries.find(({ configName }) => configName === 'cleanup.policy')?.configValue;
  if (policy !== 'compact')
    throw new StateStoreError(
      'STATE_MISCONFIGURED',
      `State topic ${topic} has cleanup.policy=${policy}; set it to compact, or state is lost with age.`,
      false,
    );
}

async function create(admin: Admin, topic: string, wanted?: number): Promise<void> {
  const replicationFactor = wanted ?? Math.min(3, (await admin.describeCluster()).brokers.length);
  const config: Record<string, string> = {
    'cleanup.policy': 'compact',
    'max.message.bytes': String(4 * 1024 * 1024),
    ...(replicationFactor >= 2 ? { 'min.insync.replicas': '2' } : { 'flush.messages': '1' }),
  };
  const configEntries = Object.entries(config).map(([name, value]) => ({ name, value }));
  await admin
    .createTopics({ topics: [{ topic, numPartitions: 1, replicationFactor, configEntries }] })
    .catch((error: unknown) => {
      // Another process was quicker.
      if (!/already exists/i.test(String(error))) throw error;
    });
}
