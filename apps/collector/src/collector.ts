import { checkBatch, type Accepted } from '#libs/contracts';
import { HttpProblem, parseJson, type Access, type ApiKey } from '#libs/operations';
import type { Clock } from '#libs/time';
import { rejectByTime } from './admission/lateness.js';
import type { RateLimiter } from './admission/rate-limit.js';
import type { ServiceCaps } from './admission/service-caps.js';
import type { CollectorConfig } from './config.js';
import { contentEncoding, decodeBody } from './ingest/decode-body.js';
import { bodyType, splitBeacon } from './ingest/parse-body.js';
import { batchRecord } from './publish/batch-record.js';
import type { Publisher } from './publish/publisher.js';
import type { CollectorTelemetry } from './telemetry.js';

/** One POST, read whole. */
export interface IncomingBatch {
  readonly bytes: Buffer;
  readonly contentType: string | undefined;
  readonly contentEncoding: string | undefined;
  /** The key shown in the headers, checked already; undefined where none is needed, or for a beacon. */
  readonly key: ApiKey | undefined;
}

/** What every batch goes through, in this order: ingest, admission, publish. */
export class Collector {
  constructor(
    private readonly config: CollectorConfig,
    private readonly clock: Clock,
    private readonly access: Access,
    private readonly rates: RateLimiter,
    private readonly caps: ServiceCaps,
    private readonly publisher: Publisher,
    private readonly telemetry: CollectorTelemetry,
  ) {}

  /** Resolves when the log has the batch. @throws HttpProblem */
  async accept(incoming: IncomingBatch): Promise<Accepted> {
    // Ingest: bytes to a parsed batch. All of it before the first await, so that a parsed batch lives no longer.
    const type = bodyType(incoming.contentType);
    const encoding = contentEncoding(incoming.contentEncoding);
    this.publisher.checkLag();
    if (incoming.key !== undefined || type === 'json') this.#takeBytes(incoming.key, incoming.bytes.length);
    let decoded = decodeBody(incoming.bytes, encoding);
    let wire = { bytes: incoming.bytes, encoding };
    let key = incoming.key;
    if (type === 'beacon') {
      const beacon = splitBeacon(decoded);
      if (key === undefined) {
        key = this.access.checkKey(beacon.key, 'write');
        this.#takeBytes(key, incoming.bytes.length);
      }
      decoded = beacon.batch;
      wire = { bytes: decoded, encoding: 'identity' };
    }
    const parsed = parseJson(decoded, type === 'beacon' ? 2 : 1);
    const checked = checkBatch(parsed);
    if (!checked.ok)
      throw new HttpProblem(checked.code, `${checked.fault.pointer || 'The body'} ${checked.fault.reason}.`);

    // Admission: who, how much, when, and how many different ones.
    const { service } = checked.batch.emitter;
    if (key?.services !== undefined && !key.services.includes(service))
      throw new HttpProblem('SERVICE_NOT_ALLOWED', 'The key may not write for the service of this batch.');
    const posted = (parsed as { events: unknown[] }).events;
    this.rates.takeEvents(key?.id ?? '', posted.length);
    const acceptedAt = Math.floor(this.clock.now());
    const inTime = rejectByTime(checked, acceptedAt, this.config);
    const { capped, labelsLeftOut } = this.caps.apply(inTime.batch, acceptedAt);
    const { batch, indexes, rejections } = inTime;
    const unknownFields = inTime.unknownFields + labelsLeftOut;
    const changed = inTime.changed || capped + labelsLeftOut > 0;

    // Publish: one record, durable before the answer.
    const record = batchRecord({ wire, decoded, posted, batch, indexes, rejections, changed, acceptedAt });
    const events = batch.events.length;
    const started = this.clock.monotonic();
    await this.publisher.publish(record);
    this.telemetry.accepted({
      events,
      rejected: rejections.length,
      unknownFields,
      capped,
      bytes: incoming.bytes.length,
      changed,
      appendMs: this.clock.monotonic() - started,
    });
    return { accepted: events, rejected: [...rejections], unknownFields, capped };
  }

  #takeBytes(key: ApiKey | undefined, bytes: number): void {
    this.rates.takeBytes(key?.id ?? '', bytes);
  }
}
