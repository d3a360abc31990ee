import type { KillPoint } from '../kill-plan.js';

/** What a child that aggregates is told, as JSON in its first argument. */
export interface ChildPlan {
  readonly log:
    { readonly kind: 'embedded'; readonly path: string } | { readonly kind: 'kafka'; readonly brokers: string[] };
  readonly engine: { readonly url: string; readonly username: string; readonly password: string };
  readonly kill?: KillPoint;
}
