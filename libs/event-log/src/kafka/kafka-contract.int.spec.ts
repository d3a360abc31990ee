import { SystemClock } from '#libs/time';
import { eventLogContract } from '#libs/event-log/testing';
import { describeWithKafka } from '#test/support';
import { kafkaClient } from './client.js';
import { KafkaEventLog } from './kafka-event-log.js';
import { MAX_MESSAGE_BYTES } from './topics.js';

describeWithKafka('The Kafka log', (kafka) => {
  eventLogContract('on a real broker', () => {
    const connection = { brokers: kafka().brokers, clientId: 'contract' };
    const options = { ...connection, clock: new SystemClock(), random: Math.random, sessionTimeoutMs: 2_000 };
    return {
      open: () => KafkaEventLog.open(options),
      async forgetCommits(_log, _topic, group) {
        const admin = kafkaClient(connection).admin();
        await admin.connect();
        await admin.deleteGroups([group]);
        await admin.disconnect();
      },
      // Key, header and framing of the record take the rest.
      maxValueBytes: MAX_MESSAGE_BYTES - 1_024,
    };
  });
});
