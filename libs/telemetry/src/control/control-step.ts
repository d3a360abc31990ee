import type { ControlCommand, ControlHello, ControlState, Refused } from '#libs/contracts';

/** How far from the API's present time something may have been given and still be believed, ms. */
export const FUTURE_BOUND_MS = 300_000;
/** Ids of commands that are remembered, so that each is done once. */
const MAX_REMEMBERED = 1_000;

/** What a client knows of the channel. Plain data, never changed. */
export interface ChannelState {
  /** The newest state that was taken in; undefined before the first. */
  readonly current: ControlState | undefined;
  /** Commands that were done or refused, each with the time after which nobody sends it again. */
  readonly remembered: ReadonlyMap<string, number>;
  /** Both clocks of this process and the API's, read when the API said hello. */
  readonly hello: { readonly api: number; readonly wall: number; readonly monotonic: number } | undefined;
}

export const UNHEARD: ChannelState = { current: undefined, remembered: new Map(), hello: undefined };

/** What came, or was done here. */
export type ChannelEvent =
  | { readonly kind: 'hello'; readonly hello: ControlHello }
  | { readonly kind: 'state'; readonly state: ControlState }
  | { readonly kind: 'command'; readonly command: ControlCommand };

/** What is to be done about it. */
export type ChannelEffect =
  | { readonly kind: 'settle'; readonly state: ControlState }
  | { readonly kind: 'run'; readonly command: ControlCommand }
  | { readonly kind: 'refuse'; readonly command: ControlCommand; readonly why: Refused }
  | { readonly kind: 'ignore'; readonly why: 'older' | 'twice' | 'from_the_future' };

export interface Now {
  readonly wall: number;
  readonly monotonic: number;
}

/**
 * What a message means. Time is the API's: this machine's clock may be wrong by hours and nothing of this changes. How
 * much of it has passed since the API said hello is told by both clocks of the process, as one stands still in sleep and
 * the other one may be set: the longer time decides whether something is over, the shorter one whether it is of the future.
 */
export function step(
  state: ChannelState,
  event: ChannelEvent,
  now: Now,
): { readonly state: ChannelState; readonly effects: readonly ChannelEffect[] } {
  if (event.kind === 'hello') return { state: { ...state, hello: { api: event.hello.now, ...now } }, effects: [] };
  return event.kind === 'state' ? stepState(state, event.state, now) : stepCommand(state, event.command, now);
}

function stepState(state: ChannelState, next: ControlState, now: Now) {
  const ignore = (why: 'older' | 'twice' | 'from_the_future') => ({
    state,
    effects: [{ kind: 'ignore', why } as const],
  });
  const { current } = state;
  if (current !== undefined && next.revision < current.revision) return ignore('older');
  if (current !== undefined && next.revision === current.revision) return ignore('twice');
  if (isFuture(state, next.at, now)) return ignore('from_the_future');
  return { state: { ...state, current: next }, effects: [{ kind: 'settle', state: next } as const] };
}

function stepCommand(state: ChannelState, command: ControlCommand, now: Now) {
  const { id, issuedAt, validUntil } = command;
  if (state.remembered.has(id)) return { state, effects: [{ kind: 'ignore', why: 'twice' } as const] };
  const remembered = remember(state.remembered, id, validUntil, apiTime(state, now).latest);
  const why = isFuture(state, issuedAt, now) ? FROM_THE_FUTURE : refusalOf(state, command, now);
  const effect = why === undefined ? ({ kind: 'run', command } as const) : ({ kind: 'refuse', command, why } as const);
  return { state: { ...state, remembered }, effects: [effect] };
}

const FROM_THE_FUTURE: Refused = {
  refused: 'from_the_future',
  reason: "It was given later than the API's clock says it is.",
};
export const SWITCHED_OFF: Refused = { refused: 'switched_off', reason: 'Nothing is taken from afar now.' };

/** Why a command is not to be done now, or undefined: asked when it comes, and once more when its turn does. */
export function refusalOf(
  state: ChannelState,
  { validUntil, revision }: ControlCommand,
  now: Now,
): Refused | undefined {
  if (leftMs(state, validUntil, now) <= 0) return { refused: 'expired', reason: 'It is no longer valid.' };
  return revision < withdrawnBelow(state) ? SWITCHED_OFF : undefined;
}

/** Commands of a lower revision are withdrawn: the switch is off, or was since, whether or not that was heard of then. */
export function withdrawnBelow({ current }: ChannelState): number {
  return current?.on === false ? Number.POSITIVE_INFINITY : (current?.lastOff ?? 0);
}

/** How long it is until then at least, by the API's time. */
export function leftMs(state: ChannelState, until: number, now: Now): number {
  return until - apiTime(state, now).latest;
}

/** The API's time as it is now at the earliest and at the latest; before its hello, this machine's. */
function apiTime({ hello }: ChannelState, { wall, monotonic }: Now): { earliest: number; latest: number } {
  if (hello === undefined) return { earliest: wall, latest: wall };
  const passed = [Math.max(0, wall - hello.wall), Math.max(0, monotonic - hello.monotonic)];
  return { earliest: hello.api + Math.min(...passed), latest: hello.api + Math.max(...passed) };
}

function isFuture(state: ChannelState, at: number, now: Now): boolean {
  return at > apiTime(state, now).earliest + FUTURE_BOUND_MS;
}

/** Forgets those that are over, and the one that will be over first when there are too many. */
function remember(known: ReadonlyMap<string, number>, id: string, until: number, now: number): Map<string, number> {
  const kept = new Map([...known].filter(([, over]) => over + FUTURE_BOUND_MS > now));
  kept.set(id, until);
  if (kept.size > MAX_REMEMBERED) {
    const [first] = [...kept].reduce((a, b) => (b[1] < a[1] ? b : a));
    kept.delete(first);
  }
  return kept;
}
