import Type, { type Static } from 'typebox';
import { Count, EpochMs, Hash64, Name, OneOf } from '../primitives.js';

export const LOAD_SOURCES = ['memory', 'disk', 'peer', 'gateway', 'network'] as const;
export const LOAD_PRIORITIES = ['visible', 'next', 'metadata', 'prefetch'] as const;
export const LOAD_TRIGGERS = ['direct', 'viewport', 'idle', 'intent', 'next_page', 'link_graph', 'queue'] as const;
export const LOAD_OUTCOMES = ['ok', 'failed', 'cancelled', 'timeout'] as const;

/** One load, every phase of it. */
export const LoadFinished = Type.Object(
  {
    kind: Type.Literal('load.finished'),
    time: EpochMs('When the load ended.'),
    resource: Name('What was loaded: document, page, cover, search …'),
    resourceHash: Type.Optional(Hash64('Salted hash of the resource.')),
    source: OneOf(LOAD_SOURCES, 'Where the bytes came from.'),
    priority: OneOf(LOAD_PRIORITIES, 'Priority class when it started.'),
    trigger: OneOf(LOAD_TRIGGERS, 'What asked for it.'),
    outcome: OneOf(LOAD_OUTCOMES, 'How it ended.'),
    queuedNs: Count('Time in the queue, in nanoseconds.'),
    firstByteNs: Type.Optional(Count('From start to first byte, in nanoseconds.')),
    totalNs: Count('From start to end, in nanoseconds.'),
    bytes: Count('Bytes received.'),
    attempts: Count('Attempts made, at least 1 for what was tried.'),
    stalls: Type.Optional(Count('How often it stalled.')),
    stalledNs: Type.Optional(Count('How long it stalled in all, in nanoseconds.')),
    predictedNs: Type.Optional(Count('Duration predicted at the start, in nanoseconds.')),
    prefetch: Type.Optional(OneOf(['used', 'wasted'], 'For a prefetch: whether it was used.')),
  },
  { description: 'One load for a person: document, page, cover, search result.' },
);

/** A load that is stuck now. */
export const LoadStalled = Type.Object(
  {
    kind: Type.Literal('load.stalled'),
    time: EpochMs('When the stall was noticed.'),
    resource: Name('What is being loaded.'),
    resourceHash: Type.Optional(Hash64('Salted hash of the resource.')),
    source: OneOf(LOAD_SOURCES, 'Where the bytes should come from.'),
    priority: OneOf(LOAD_PRIORITIES, 'Priority class.'),
    elapsedNs: Count('Since the start of the load, in nanoseconds.'),
    sinceProgressNs: Count('Since the last byte, in nanoseconds.'),
    bytes: Count('Bytes received so far.'),
  },
  { description: 'A load that has made no progress for longer than the stall threshold.' },
);

export type LoadFinished = Static<typeof LoadFinished>;
export type LoadStalled = Static<typeof LoadStalled>;
