import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { aCondition, aDatabase, aPartition, AT } from '../testing/conditions.js';
import type { DatabaseCondition, PipelineCondition } from './condition.js';
import { pipelineRules, stateUnreachable } from './pipeline-rules.js';

const ROOT = join(import.meta.dirname, '../../../..');
const CONFIG = { alertIntervalMs: 3_000, alertForMs: 60_000, alertKeepFiringMs: 60_000, auditIntervalMs: 10_000 };
const rules = pipelineRules(CONFIG);

/** What the rule says: the values of what is wrong, or why it cannot say. */
function judged(alert: string, now: PipelineCondition, before?: PipelineCondition, config = CONFIG): number[] | string {
  const verdict = pipelineRules(config)
    .find((rule) => rule.alert === alert)!
    .judge(now, before);
  return 'unknown' in verdict ? verdict.unknown : verdict.observations.map(({ value }) => value);
}

const down = { ok: false, reason: 'Connection refused.' } as const;
const withAudit = (
  audit: Partial<DatabaseCondition['audit']>,
  watched: Partial<DatabaseCondition['auditWatched']> = {},
) =>
  aCondition({
    database: {
      ok: true,
      value: aDatabase({
        audit: { ...aDatabase().audit, ...audit },
        auditWatched: { ...aDatabase().auditWatched, ...watched },
      }),
    },
  });
const withLog = (...partitions: Parameters<typeof aPartition>[0][]) =>
  aCondition({ log: { ok: true, value: partitions.map((one) => aPartition(one)) } });
const never = {
  checked: null,
  lost: null,
  duplicated: null,
  checkedAt: null,
  checkedThrough: null,
  minutesThrough: null,
  hoursThrough: null,
  lastFullCheckAt: null,
};

describe('The built-in rules', () => {
  it('find nothing wrong where all is well', () => {
    for (const { alert } of rules) expect([alert, judged(alert, aCondition(), aCondition())]).toEqual([alert, []]);
  });

  it('tell "no data" from "zero": what cannot be read is unknown, and only that it is away is known', () => {
    const away = aCondition({ log: down, database: down });
    for (const { alert } of rules.filter((rule) => rule.alert !== 'PipelineUnreachable'))
      expect([alert, judged(alert, away, aCondition())]).toEqual([alert, down.reason]);
    expect(judged('PipelineUnreachable', away)).toEqual([1, 1]);
    expect(judged('PipelineEventsLost', withAudit(never))).toBe('The audit has not looked at everything yet.');
    expect(judged('PipelineEventsDuplicated', withAudit(never))).toBe('The audit has not looked at everything yet.');
  });

  it('name the dependency that does not answer, and say what it said', () => {
    const rule = rules.find(({ alert }) => alert === 'PipelineUnreachable')!;
    expect(rule.judge(aCondition({ database: down }), undefined)).toMatchObject({
      observations: [
        { labels: { dependency: 'clickhouse' }, annotations: { description: expect.stringContaining(down.reason) } },
      ],
    });
    expect(rule.judge(aCondition({ log: down }), undefined)).toMatchObject({
      observations: [{ labels: { dependency: 'log' } }],
    });
  });

  it('see lost and duplicated events, each by itself, and fire at once', () => {
    expect(judged('PipelineEventsLost', withAudit({ lost: 3 }))).toEqual([3]);
    expect(judged('PipelineEventsDuplicated', withAudit({ lost: 3 }))).toEqual([]);
    expect(judged('PipelineEventsDuplicated', withAudit({ duplicated: 4 }))).toEqual([4]);
    const atOnce = rules.filter(({ forMs }) => forMs === 0).map(({ alert }) => alert);
    expect(atOnce).toEqual(['PipelineEventsLost', 'PipelineEventsDuplicated']);
  });

  it('see an audit that never ran, and one that has stopped by its own pace', () => {
    expect(judged('PipelineAuditSilent', withAudit(never))).toEqual([Number.NaN]);
    expect(judged('PipelineAuditSilent', withAudit({ checkedAt: AT - 299_999 }))).toEqual([]);
    expect(judged('PipelineAuditSilent', withAudit({ checkedAt: AT - 300_000 }))).toEqual([300]);
    const slow = { ...CONFIG, auditIntervalMs: 600_000 };
    expect(judged('PipelineAuditSilent', withAudit({ checkedAt: AT - 300_000 }), undefined, slow)).toEqual([]);
    expect(judged('PipelineAuditSilent', withAudit({ checkedAt: AT - 1_800_000 }), undefined, slow)).toEqual([1_800]);
  });

  it('see an audit that runs and does not get any further', () => {
    const standing = (forMs: number) => withAudit({ checkedThrough: AT - 86_400_000 }, { movedAt: AT - forMs });
    expect(judged('PipelineAuditSilent', standing(0))).toEqual([]);
    // The buckets of 1 h settle once an hour.
    expect(judged('PipelineAuditSilent', standing(3_899_999))).toEqual([]);
    expect(judged('PipelineAuditSilent', standing(3_900_000))).toEqual([3_900]);
  });

  it('do not take an audit for silent that could not have run yet, as on a server that has just started', () => {
    for (const audit of [never, { checkedAt: AT - 86_400_000 }]) {
      expect(judged('PipelineAuditSilent', withAudit(audit, { from: AT - 299_999 }))).toMatch(/not been watched/);
      expect(judged('PipelineAuditSilent', withAudit(audit, { from: AT - 300_000 }))).toHaveLength(1);
    }
  });

  it.each([
    ['stands still while records wait', { committed: 4, lag: 6 }, { committed: 4, lag: 6 }, [6]],
    ['stands still while the log grows', { committed: 4, lag: 6 }, { committed: 4, next: 12, lag: 8 }, [8]],
    ['was never committed', { committed: null, lag: 10 }, { committed: null, lag: 10 }, [10]],
    ['moves on, if slowly', { committed: 4, lag: 6 }, { committed: 5, next: 99, lag: 94 }, []],
    ['has only just got a record', { committed: 10, lag: 0 }, { committed: 10, next: 11, lag: 1 }, []],
    ['has nothing to do', { committed: 10, lag: 0 }, { committed: 10, lag: 0 }, []],
  ])('look at a partition that %s', (_, before, now, expected) => {
    expect(judged('PipelineStalled', withLog(now), withLog(before))).toEqual(expected);
  });

  it('see one stuck partition beside others that move, and need two looks for it', () => {
    const before = withLog({ committed: 4, lag: 6 }, { partition: 1, committed: 4, lag: 6 });
    const now = withLog({ committed: 9, lag: 1 }, { partition: 1, committed: 4, lag: 6 });
    expect(judged('PipelineStalled', now, before)).toEqual([6]);
    expect(judged('PipelineStalled', now, undefined)).toMatch(/no earlier look/);
    expect(judged('PipelineStalled', now, aCondition({ log: down }))).toMatch(/no earlier look/);
  });

  it('count dead letters over their causes', () => {
    const deadLetters = [
      { cause: 'schema', letters: 5 },
      { cause: 'late', letters: 2 },
    ];
    const now = aCondition({ database: { ok: true, value: aDatabase({ deadLetters }) } });
    expect(judged('PipelineDeadLettersArriving', now)).toEqual([7]);
  });

  it('have each a page that says what it means, how to look and what to do', () => {
    for (const { alert } of rules) {
      const page = readFileSync(join(ROOT, 'docs', 'runbooks', `${alert}.md`), 'utf8');
      expect(page.startsWith(`# ${alert}\n`)).toBe(true);
      for (const heading of ['What it means', 'How to look', 'What to do']) expect(page).toContain(`\n## ${heading}\n`);
    }
    expect(stateUnreachable('x').annotations['runbook']).toBe('docs/runbooks/PipelineUnreachable.md');
  });
});
