import type { CacheDescription, CommandAnswer, ControlAuthor, ControlOperation, RefusalCode } from './commands.js';
import type { ControlSettings } from './settings.js';

/** Why a cache did not do as it was told. The reason names no key. */
export interface Refused {
  readonly refused: RefusalCode;
  readonly reason: string;
}

/** Who told it, and at which revision of the desired settings. */
export interface ControlOrigin {
  readonly revision: number;
  readonly by: ControlAuthor;
}

/** What came of an operation. What is refused on the way says, too, how far it came. */
export type OperationOutcome =
  Omit<CommandAnswer, 'command' | 'refused' | 'reason'> | (Refused & Pick<CommandAnswer, 'entries' | 'bytes'>);

/** Where the caches of a process are added that may be controlled from afar: `telemetry.control` is one. */
export interface ControlRegistry {
  /** @returns what takes it away again. @throws TypeError when the name is taken. */
  add(target: ControlTarget): () => void;
}

/**
 * What a cache offers to be controlled from afar. One of them stands for one cache of the process, by its name.
 *
 * A target holds its host's bounds: what is beyond them is refused as a whole, nothing of it is applied. Whoever calls
 * leaves out before what it cannot take (`applicable`). It is called by one caller: one operation at a time, and one `apply`,
 * which may come while an operation is under way. It tells no `cache.change` of what it does here: the caller does, with the
 * revision.
 * No call throws or rejects; what fails is `{ refused: 'failed', reason }`.
 */
export abstract class ControlTarget {
  /** Its name, tiers with what they hold and may hold, the settings in force, and the host's bounds. Cheap. */
  abstract describe(): CacheDescription;

  /**
   * Makes `settings` be in force, all of them or none. They are all that is desired from afar: a field that is left out
   * goes back to what the host had set, so that `{}` takes everything back. Applying the same again changes nothing.
   * Resolves when they are in force for what comes; entries over a lowered limit may still be leaving.
   */
  abstract apply(settings: ControlSettings, origin: ControlOrigin): Promise<Refused | undefined>;

  /**
   * Does the operation, or says what it would do. Entries and bytes are over all tiers that it was for. One that takes
   * long ends soon after the signal aborts, with `switched_off` and what it has done by then.
   */
  abstract run(
    operation: ControlOperation,
    options: { readonly dryRun: boolean; readonly by: ControlAuthor; readonly signal?: AbortSignal },
  ): Promise<OperationOutcome>;
}
