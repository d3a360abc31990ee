import { KafkaEventLog } from '#libs/event-log/kafka';
import { SystemClock } from '#libs/time';
import { describeWithKafka } from '#test/support';
import { invalidationContract } from '../testing/index.js';
import { EventLogInvalidations } from './event-log-invalidations.js';

describeWithKafka('Invalidations over Kafka', (kafka) => {
  invalidationContract('A log on a real broker', async () => {
    const clock = new SystemClock();
    const options = { brokers: kafka().brokers, clientId: 'invalidations', clock, random: Math.random };
    const log = await KafkaEventLog.open(options);
    return { bus: () => new EventLogInvalidations({ log, clock, pollMs: 20 }), dispose: () => log.close() };
  });
});
