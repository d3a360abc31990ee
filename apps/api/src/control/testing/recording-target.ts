import {
  ControlTarget,
  type CacheDescription,
  type ControlBounds,
  type ControlOperation,
  type ControlOrigin,
  type ControlSettings,
  type OperationOutcome,
} from '#libs/contracts';

/** A cache as far as the control channel sees it: does as it is told, and remembers what it was told. */
export class RecordingTarget extends ControlTarget {
  readonly applied: { readonly settings: ControlSettings; readonly origin: ControlOrigin }[] = [];
  readonly ran: { readonly operation: ControlOperation; readonly dryRun: boolean }[] = [];

  constructor(
    private readonly cache: string,
    private readonly bounds?: ControlBounds,
  ) {
    super();
  }

  /** The settings in force that came from afar. */
  get settings(): ControlSettings {
    return this.applied.at(-1)?.settings ?? {};
  }

  describe(): CacheDescription {
    const { ttlMs = 60_000 } = this.settings;
    return {
      cache: this.cache,
      tiers: [{ tier: 'memory', entries: 10, bytes: 1_000 }],
      settings: { ttlMs },
      ...(this.bounds && { bounds: this.bounds }),
    };
  }

  async apply(settings: ControlSettings, origin: ControlOrigin): Promise<undefined> {
    this.applied.push({ settings, origin });
  }

  async run(operation: ControlOperation, { dryRun }: { readonly dryRun: boolean }): Promise<OperationOutcome> {
    this.ran.push({ operation, dryRun });
    return { entries: 10, bytes: 1_000 };
  }
}
