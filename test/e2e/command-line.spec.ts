import { describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { aCacheWindow } from '#libs/contracts/testing';

const ROOT = join(import.meta.dirname, '../..');

describe('alperf by npm', () => {
  it('takes paths from where its user stands, also from outside the checkout', async () => {
    const cwd = mkdtempSync(join(tmpdir(), 'alperf-by-npm-'));
    try {
      writeFileSync(join(cwd, 'events.ndjson'), `${JSON.stringify(aCacheWindow())}\n`);
      // None of the variables by which this test was itself started.
      const env = { PATH: process.env['PATH'], HOME: process.env['HOME'] };
      const args = [
        '--prefix',
        ROOT,
        'run',
        '--silent',
        'alperf',
        '--',
        'send',
        'events.ndjson',
        '--dry-run',
        '--json',
      ];
      const { stdout } = await promisify(execFile)('npm', args, { cwd, env });
      expect(JSON.parse(stdout)).toMatchObject({ events: 1, rejected: 0, dryRun: true });
    } finally {
      rmSync(cwd, { recursive: true });
    }
  });
});
