import { hash } from 'node:crypto';
import { zstdCompressSync } from 'node:zlib';
import { encodeHeaders, type Accepted, type Batch, type Rejection } from '#libs/contracts';
import type { NewRecord } from '#libs/event-log';
import { HttpProblem, type ApiKey } from '#libs/operations';
import type { Clock } from '#libs/time';
import { rejectByTime, type TimeBounds } from '../admission/lateness.js';
import type { RateLimiter } from '../admission/rate-limit.js';
import type { ServiceCaps } from '../admission/service-caps.js';
import type { Publisher } from '../publish/publisher.js';
import { sortLetters, type LetterGroup } from './letters.js';

/**
 * Takes mended dead letters. Each keeps its identity and its accept time, is judged by that time, and goes through the
 * same checks, caps and log as any event; the aggregator leaves out what the identity has already.
 */
export class DeadLetterReplay {
  constructor(
    private readonly bounds: TimeBounds,
    private readonly clock: Clock,
    private readonly rates: RateLimiter,
    private readonly caps: ServiceCaps,
    private readonly publisher: Publisher,
  ) {}

  /** Resolves when the log has all that was accepted. @throws HttpProblem */
  async accept(body: unknown, key: ApiKey | undefined): Promise<Accepted> {
    this.publisher.checkLag();
    const now = Math.floor(this.clock.now());
    const { groups, rejections } = sortLetters(body, now);
    const rejected: Rejection[] = [...rejections];
    let accepted = 0;
    let unknownFields = 0;
    let capped = 0;
    for (const { checked } of groups)
      if (key?.services !== undefined && !key.services.includes(checked.batch.emitter.service))
        throw new HttpProblem('SERVICE_NOT_ALLOWED', 'The key may not write for the service of a letter.');
    this.rates.takeEvents(
      key?.id ?? '',
      groups.reduce((sum, { indexes }) => sum + indexes.length, 0),
    );
    const records: NewRecord[] = [];
    for (const group of groups) {
      const { batch, at } = this.#inTime(group, rejected);
      if (batch.events.length === 0) continue;
      const counts = this.caps.apply(batch, now);
      unknownFields += group.checked.unknownFields + counts.labelsLeftOut;
      capped += counts.capped;
      accepted += batch.events.length;
      records.push(
        letterRecord(
          batch,
          at.map((i) => group.indexes[i]!),
          now,
          group.originalAcceptedAt,
        ),
      );
    }
    for (const record of records) await this.publisher.publish(record);
    return { accepted, rejected: rejected.sort((a, b) => a.index - b.index), unknownFields, capped };
  }

  /** What of a group is not late by its first accept time, and where in the group it stands. */
  #inTime(group: LetterGroup, rejected: Rejection[]): { batch: Batch; at: readonly number[] } {
    // The events that are left, counted anew: their indexes are the group's own from here on.
    const { batch, rejections, indexes } = rejectByTime(
      { ...group.checked, indexes: undefined, rejections: [] },
      group.originalAcceptedAt,
      this.bounds,
    );
    for (const { index, pointer, reason } of rejections) {
      const position = group.positions[index]!;
      const mine = pointer.replace(/^\/events\/\d+/, `/letters/${position}/event`);
      rejected.push({ index: position, pointer: mine, reason });
    }
    return { batch, at: indexes ?? batch.events.map((_, i) => i) };
  }
}

function letterRecord(
  batch: Batch,
  indexes: readonly number[],
  acceptedAt: number,
  originalAcceptedAt: number,
): NewRecord {
  const text = JSON.stringify(batch);
  const headers = encodeHeaders({
    v: 1,
    sequence: batch.sequence,
    acceptedAt,
    events: batch.events.length,
    encoding: 'zstd',
    hash: hash('sha256', text),
    indexes,
    originalAcceptedAt,
  });
  return { key: batch.emitter.instance, value: zstdCompressSync(text), headers };
}
