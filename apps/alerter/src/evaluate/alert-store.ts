import Type from 'typebox';
import { Compile } from 'typebox/compile';
import type { Alert } from '#libs/alerting';
import type { StateStore, StateWriter } from '#libs/state-store';

const SCOPE = 'alerts';
const ALERT_PREFIX = 'alert/';
const BEAT_KEY = 'beat';

const Labels = Type.Record(Type.String(), Type.String());
const StoredAlert = Type.Object({
  v: Type.Literal(1),
  labels: Labels,
  annotations: Labels,
  state: Type.Enum(['inactive', 'pending', 'firing']),
  // JSON knows no NaN: it is null there.
  value: Type.Union([Type.Number(), Type.Null()]),
  activeAt: Type.Number(),
  firedAt: Type.Optional(Type.Number()),
  keepFiringSince: Type.Optional(Type.Number()),
  resolvedAt: Type.Optional(Type.Number()),
});
const storedAlert = Compile(StoredAlert);
const storedBeat = Compile(Type.Object({ at: Type.Number() }));

/** What is stored of the alerts. */
export interface StoredAlerts {
  readonly byFingerprint: ReadonlyMap<string, Alert>;
  /** Fingerprints whose entry cannot be read; the next evaluation replaces them. */
  readonly unreadable: readonly string[];
  /** When they were last evaluated, ms since 1970; undefined when they never were, or that cannot be read. */
  readonly at: number | undefined;
}

/**
 * Alerts in the StateStore: one entry each, by fingerprint, and a beat that every evaluation writes, so that others see
 * that the one who evaluates lives, and so that it notices at once when it was overtaken.
 */
export class AlertStore {
  constructor(private readonly store: StateStore) {}

  /** Becomes the one who evaluates; whoever was it before is fenced. */
  async takeOver(): Promise<AlertWriter> {
    return new AlertWriter(await this.store.open(SCOPE));
  }

  async read(): Promise<StoredAlerts> {
    const byFingerprint = new Map<string, Alert>();
    const unreadable: string[] = [];
    for (const { key, value } of await this.store.list(SCOPE, ALERT_PREFIX)) {
      const fingerprint = key.slice(ALERT_PREFIX.length);
      const alert = decodeAlert(value);
      if (alert === undefined) unreadable.push(fingerprint);
      else byFingerprint.set(fingerprint, alert);
    }
    const beat = await this.store.get(SCOPE, BEAT_KEY);
    return { byFingerprint, unreadable, at: beat && decodeBeat(beat.value) };
  }

  /** Rises with every evaluation of whoever evaluates; undefined when there never was one. */
  async beat(): Promise<bigint | undefined> {
    return (await this.store.get(SCOPE, BEAT_KEY))?.version;
  }
}

/** The one writer of the alerts. */
export class AlertWriter {
  constructor(private readonly writer: StateWriter) {}

  get epoch(): bigint {
    return this.writer.epoch;
  }

  /** Writes what differs, and the beat, at once. Durable when it resolves. @throws FencedError when another took over. */
  async save(before: StoredAlerts, after: ReadonlyMap<string, Alert>, at: number): Promise<void> {
    const changed = [...after].filter(([fingerprint, alert]) => {
      const known = before.byFingerprint.get(fingerprint);
      return known === undefined || encodeAlert(known) !== encodeAlert(alert);
    });
    const gone = [...before.byFingerprint.keys(), ...before.unreadable].filter(
      (fingerprint) => !after.has(fingerprint),
    );
    await this.writer.putAll([
      ...changed.map(([fingerprint, alert]) => ({ key: ALERT_PREFIX + fingerprint, value: bytes(encodeAlert(alert)) })),
      ...gone.map((fingerprint) => ({ key: ALERT_PREFIX + fingerprint, value: undefined })),
      { key: BEAT_KEY, value: bytes(JSON.stringify({ at })) },
    ]);
  }

  close(): Promise<void> {
    return this.writer.close();
  }
}

function encodeAlert(alert: Alert): string {
  const { labels, annotations, state, value, activeAt, firedAt, keepFiringSince, resolvedAt } = alert;
  return JSON.stringify({ v: 1, labels, annotations, state, value, activeAt, firedAt, keepFiringSince, resolvedAt });
}

function decodeBeat(value: Uint8Array): number | undefined {
  try {
    const parsed: unknown = JSON.parse(new TextDecoder().decode(value));
    return storedBeat.Check(parsed) ? parsed.at : undefined;
  } catch {
    return undefined;
  }
}

/** Undefined when it is none that this version knows. */
function decodeAlert(value: Uint8Array): Alert | undefined {
  try {
    const parsed: unknown = JSON.parse(new TextDecoder().decode(value));
    if (!storedAlert.Check(parsed)) return undefined;
    const { v: _, ...alert } = parsed;
    return { ...alert, value: alert.value ?? Number.NaN };
  } catch {
    return undefined;
  }
}

const bytes = (text: string) => new TextEncoder().encode(text);
