/** How full a memory is that the process must not overfill. */
export interface MemoryReading {
  readonly of: 'heap' | 'cgroup';
  readonly usedBytes: number;
  readonly limitBytes: number;
}

/** Where a manager reads how full memory is. It never rejects; what cannot be read is left out. */
export interface PressureSource {
  read(): Promise<readonly MemoryReading[]>;
}

/** When caches make room, and when they get it back. Shares of a limit, ms. */
export interface PressureOptions {
  /** From here on caches shrink, step by step. Default 0.85. */
  readonly tightAt?: number;
  /** From here on they halve with each step. Default 0.95. */
  readonly criticalAt?: number;
  /** Below it they get back, step by step; between it and `tightAt` nothing changes. Default 0.7. */
  readonly calmBelow?: number;
  /** Between two steps down, so that a collection can show what the first one brought. Default 2,000. */
  readonly stepMs?: number;
  /** It must have been calm for so long before each step up. Default 30,000. */
  readonly calmMs?: number;
}

export interface PressureState {
  readonly level: 'calm' | 'steady' | 'tight' | 'critical';
  /** The part of the budget that caches have now. */
  readonly factor: number;
  /** When the factor changed last, or the calm began. */
  readonly since: number;
}

export const NO_PRESSURE: PressureState = { level: 'calm', factor: 1, since: 0 };

/** Less than this is not taken: below it caches hold little, and a process still in need has another reason. */
const LEAST_FACTOR = 0.1;
const STEP_DOWN = { tight: 0.8, critical: 0.5 };
const STEP_UP = 0.1;

/** The state after a reading: `used` is how full the fullest memory is, `now` monotonic ms. */
export function step(state: PressureState, used: number, now: number, options: PressureOptions = {}): PressureState {
  const { tightAt = 0.85, criticalAt = 0.95, calmBelow = 0.7, stepMs = 2_000, calmMs = 30_000 } = options;
  const level = used >= criticalAt ? 'critical' : used >= tightAt ? 'tight' : used < calmBelow ? 'calm' : 'steady';
  const isSqueezed = level === 'tight' || level === 'critical';
  const wasSqueezed = state.level === 'tight' || state.level === 'critical';
  if (isSqueezed) {
    // The first step is taken at once; so is one that turns critical.
    const isDue = !wasSqueezed || (level === 'critical' && state.level !== 'critical') || now - state.since >= stepMs;
    if (!isDue) return { ...state, level };
    return { level, factor: Math.max(LEAST_FACTOR, state.factor * STEP_DOWN[level]), since: now };
  }
  if (level !== 'calm' || state.level !== 'calm') return { ...state, level, since: now };
  if (state.factor === 1 || now - state.since < calmMs) return state;
  return { level, factor: Math.min(1, state.factor + STEP_UP), since: now };
}

/** How full the fullest memory is; undefined when nothing could be read. */
export function fullest(readings: readonly MemoryReading[]): MemoryReading | undefined {
  const known = readings.filter(({ usedBytes, limitBytes }) => usedBytes >= 0 && limitBytes > 0);
  return known.reduce<MemoryReading | undefined>(
    (most, one) => (most === undefined || share(one) > share(most) ? one : most),
    undefined,
  );
}

export function share({ usedBytes, limitBytes }: MemoryReading): number {
  return usedBytes / limitBytes;
}
