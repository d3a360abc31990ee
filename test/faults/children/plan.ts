import type { KillPoint } from '../kill-plan.js';

/** What a child that aggregates is told, as the first message of its parent. */
export interface ChildPlan {
  readonly log:
    { readonly kind: 'embedded'; readonly path: string } | { readonly kind: 'kafka'; readonly brokers: string[] };
  readonly engine: { readonly url: string; readonly username: string; readonly password: string };
  /** Where it kills itself. */
  readonly kill?: KillPoint;
  /** Where it holds itself still (SIGSTOP), until somebody wakes it (SIGCONT). */
  readonly suspend?: KillPoint;
}

/** What a child tells its parent. refused: a commit that the log did not take, with the code of the error. */
export type ChildSays =
  { readonly said: 'consuming' | 'suspending' | 'woken' } | { readonly said: 'refused'; readonly code: string };
