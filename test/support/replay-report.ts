import type { ProductProcess } from './processes.js';

/** What `alperf replay --json` says in the end. */
export interface ReplayReport {
  readonly equal: boolean;
  readonly tiers: readonly { readonly tier: string }[];
  readonly emitted: { readonly requests: number; readonly hits: number; readonly events: number };
  readonly stored: { readonly requests: number; readonly hits: number; readonly events: number };
}

/** Resolves when the replay has ended. @throws Error with all it said when it failed. */
export async function reportOf(replaying: ProductProcess): Promise<ReplayReport> {
  const { code, stdout, stderr } = await replaying.ended();
  if (code !== 0) throw new Error(`alperf replay ended with ${code}: ${stdout}${stderr}`);
  return JSON.parse(stdout) as ReplayReport;
}
