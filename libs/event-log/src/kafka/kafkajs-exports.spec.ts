import { describe, expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const folders = [import.meta.dirname, join(import.meta.dirname, '..', '..', '..', 'state-store', 'src', 'kafka')];

/** Names that a source file takes from kafkajs at run time. */
function namesTakenFrom(source: string): string[] {
  const braces = /^import (?:kafkajs, )?\{([^}]*)\} from 'kafkajs';/m.exec(source)?.[1] ?? '';
  return braces
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '' && !name.startsWith('type '));
}

describe('kafkajs, which is CommonJS', () => {
  it('gives plain Node every name that is imported from it; the test runner would find more', () => {
    const sources = folders.flatMap((folder) =>
      readdirSync(folder)
        .filter((file) => file.endsWith('.ts') && !file.endsWith('.spec.ts'))
        .map((file) => readFileSync(join(folder, file), 'utf8')),
    );
    const taken = new Set(sources.flatMap(namesTakenFrom));
    const script = 'console.log(JSON.stringify(Object.keys(await import("kafkajs"))))';
    const given = execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
    expect(taken).toContain('Kafka');
    expect([...taken].filter((name) => !(JSON.parse(given) as string[]).includes(name))).toEqual([]);
  });
});
