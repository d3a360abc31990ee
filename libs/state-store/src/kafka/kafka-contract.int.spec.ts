import { randomUUID } from 'node:crypto';
import { stateStoreContract } from '#libs/state-store/testing';
import { SystemClock } from '#libs/time';
import { describeWithKafka } from '#test/support';
import { KafkaStateStore } from './kafka-state-store.js';

describeWithKafka('The Kafka state store', (kafka) => {
  stateStoreContract('on a real broker', () => {
    const topic = `s.${randomUUID()}`;
    return {
      open: () =>
        KafkaStateStore.open({
          brokers: kafka().brokers,
          clientId: 'contract',
          topic,
          clock: new SystemClock(),
          random: Math.random,
        }),
    };
  });
});
