import { randomBytes } from 'node:crypto';
import { createTelemetry } from '#libs/telemetry/node';
import type { Host } from '../command/command.js';
import type { Server } from '../http/server.js';
import type { Delivery, ReplayTelemetry } from './replay-telemetry.js';

export interface StartTelemetry {
  readonly service: string;
  readonly server: Server;
  readonly host: Pick<Host, 'clock'>;
}

/** Room for the events of a whole window at full speed, so that pacing and not dropping is what a replay meets. */
const BUFFER_BYTES = 64 * 2 ** 20;

/** Telemetry as a service has it. */
export function startTelemetry({ service, server, host }: StartTelemetry): ReplayTelemetry {
  let trouble: string | undefined;
  let refused: string | undefined;
  let sentAtTrouble = 0;
  const telemetry = createTelemetry({
    service,
    version: '1',
    endpoint: server.endpoint,
    ...(server.key !== undefined && { key: server.key }),
    clock: host.clock,
    // What is measured stays as it was asked for, and the key may write only.
    control: false,
    // Keys of a public trace are no secret; the salt only has to be the same within this replay.
    salt: randomBytes(16),
    maxBufferBytes: BUFFER_BYTES,
    onError: ({ code, message }) => {
      sentAtTrouble = telemetry.stats().sentBatches;
      trouble = message;
      if (code === 'unauthorized' || code === 'refused') refused = message;
    },
  });
  return {
    recorders: telemetry,
    instance: telemetry.instance,
    delivery: (): Delivery => {
      const { accepted, rejected, dropped, sentBatches, queued, queuedBytes, unacknowledgedBatches } =
        telemetry.stats();
      return {
        accepted,
        rejected,
        dropped: Object.values(dropped).reduce((sum, events) => sum + events, 0),
        batches: sentBatches,
        waiting: queued + unacknowledgedBatches,
        fullness: queuedBytes / BUFFER_BYTES,
        trouble: sentBatches > sentAtTrouble ? undefined : trouble,
        refused,
      };
    },
    hurry: () => telemetry.resume(),
    finish: (deadlineMs) => telemetry.shutdown({ deadlineMs }),
    abandon: async () => {
      await telemetry.shutdown({ deadlineMs: 0 });
    },
  };
}
