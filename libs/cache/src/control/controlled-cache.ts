import {
  beyondBounds,
  operationBeyond,
  operationProblem,
  type CacheDescription,
  type ControlAuthor,
  type ControlBounds,
  type ControlOperation,
  type ControlSettings,
  type ControlTarget,
  type OperationOutcome,
  type Refused,
} from '#libs/contracts';
import type { CacheCore } from '../core.js';
import type { CacheKey } from '../key/cache-key.js';
import { budgetBounds, controlBounds } from './control-bounds.js';
import { DesiredSettings } from './desired-settings.js';
import { RemoteOperations } from './remote-operations.js';
import { operationShapeProblem, shapeProblem } from './shapes.js';

/** A cache as it is controlled from afar, within the bounds of its host. */
export class ControlledCache<Key extends CacheKey, Value> implements ControlTarget {
  readonly #bounds: ControlBounds | undefined;
  readonly #settings: DesiredSettings<Key, Value>;
  readonly #operations: RemoteOperations<Key, Value>;

  /** The tiers are open, as far as they could be. */
  constructor(private readonly core: CacheCore<Key, Value>) {
    const { bounds, tiers, manager, share = {} } = core.options;
    const { memory } = core.stack;
    const own = bounds && controlBounds(bounds, tiers);
    const shares = manager !== undefined && memory?.usage().maxBytes !== undefined;
    this.#bounds = shares ? budgetBounds(own, memory.name, share, manager.maxBytes) : own;
    this.#settings = new DesiredSettings(core);
    this.#operations = new RemoteOperations(core);
  }

  describe(): CacheDescription {
    const { core } = this;
    return {
      cache: core.name,
      tiers: core.options.tiers.map((tier) => {
        const { entries, bytes, maxBytes, maxEntries } = tier.usage();
        const known = Object.entries({ entries, bytes, maxBytes, maxEntries });
        return { tier: tier.name, ...Object.fromEntries(known.filter(([, value]) => Number.isSafeInteger(value))) };
      }),
      settings: this.#settings.inForce(),
      ...(this.#bounds !== undefined && { bounds: this.#bounds }),
    };
  }

  async apply(settings: ControlSettings): Promise<Refused | undefined> {
    const problem = shapeProblem(settings);
    if (problem !== undefined) return { refused: 'invalid', reason: problem };
    const refused = beyondBounds(settings, this.#bounds) ?? this.#settings.unsupported(settings);
    if (refused !== undefined) return refused;
    if (this.core.closed) return CLOSED;
    return this.#settings.apply(settings);
  }

  async run(
    operation: ControlOperation,
    { dryRun, signal }: { readonly dryRun: boolean; readonly by: ControlAuthor; readonly signal?: AbortSignal },
  ): Promise<OperationOutcome> {
    const { tier } = operation;
    if (!this.#operations.knows(operation))
      return { refused: 'unsupported', reason: 'This version has no such operation.' };
    const unknown = operationShapeProblem(operation);
    if (unknown !== undefined) return { refused: 'invalid', reason: unknown };
    const problem = operationProblem(operation);
    if (problem !== undefined)
      return { refused: 'invalid', reason: `${operation.do}${problem.pointer} ${problem.reason}` };
    if (tier !== undefined && !this.core.options.tiers.some(({ name }) => name === tier))
      return { refused: 'unsupported', reason: `The cache has no tier ${tier}.` };
    const refused = operationBeyond(operation, this.#bounds);
    if (refused !== undefined) return refused;
    if (this.core.closed) return CLOSED;
    return this.#operations.run(operation, dryRun, signal);
  }
}

const CLOSED: Refused = { refused: 'failed', reason: 'The cache is being closed.' };
