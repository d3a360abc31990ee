import { createTelemetry, Transport, type Answer, type Telemetry } from '#libs/telemetry';
import { SystemClock } from '#libs/time';

/** Telemetry as a service has it by default, whose batches are acknowledged and thrown away. */
export function telemetryToNowhere(): Telemetry {
  return createTelemetry({
    service: 'bench',
    version: '1',
    transport: new Nowhere(),
    clock: new SystemClock(),
    random: Math.random,
    salt: 'the salt of the bench',
  });
}

/** Acknowledges what it is given, and throws it away. */
export class Nowhere extends Transport {
  send(): Promise<Answer> {
    return Promise.resolve({ status: 202, body: '{"accepted":0,"rejected":[]}' });
  }
}
