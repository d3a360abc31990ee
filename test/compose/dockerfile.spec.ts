import { describe, expect, it } from '@jest/globals';
import { read } from './compose-file.js';

interface Stage {
  readonly name: string;
  readonly from: string;
  readonly lines: readonly string[];
}

const dockerfile = read('Dockerfile');
const stages = stagesOf(dockerfile);
const manifest = JSON.parse(read('package.json')) as { dependencies: Record<string, string> };

describe('The Dockerfile', () => {
  it('has a stage that builds, and images that hold only what runs', () => {
    expect(stages.map(({ name }) => name)).toEqual([
      'build',
      'distributed-modules',
      'standalone-modules',
      'runtime',
      'standalone',
      'distributed',
    ]);
    for (const name of ['runtime', 'standalone', 'distributed'])
      expect(stage(name).lines.filter((line) => /^COPY (?!--from=)/.test(line))).toEqual([]);
    expect(chain('distributed')).not.toContain('build');
  });

  it('pins its base image, to the Node that the project itself runs on', () => {
    expect(dockerfile).toContain(`ARG NODE_VERSION=${manifest.dependencies['node']}\n`);
    for (const { from } of stages) expect(from).toMatch(/^(node:\$\{NODE_VERSION\}-\w+-slim|runtime)$/);
  });

  it.each(['standalone', 'distributed'])('runs %s as a user that is not root, and starts node itself', (name) => {
    const { lines } = stage(name);
    const user = lines.findIndex((line) => line === 'USER node');
    expect(user).toBeGreaterThan(0);
    expect(lines.slice(user).filter((line) => /^(RUN|COPY|ADD)/.test(line))).toEqual([]);
    expect(lines).toContain('ENTRYPOINT ["node"]');
  });

  it('leaves the embedded engine out of what the distributed apps get', () => {
    const install = stage('distributed-modules').lines.join('\n');
    expect(install).toMatch(/npm pkg delete dependencies\.chdb dependencies\.node/);
    expect(install).toMatch(/npm install --omit=dev/);
    expect(stage('distributed').lines.join('\n')).toContain('--from=distributed-modules');
    const withNative = Object.keys(manifest.dependencies).filter((name) => name.includes('chdb'));
    expect(withNative).toEqual(['chdb']);
  });

  it('carries no secret and no address of a registry', () => {
    expect(dockerfile).not.toMatch(/PASSWORD|SECRET|TOKEN|_KEY|registry=/);
    expect(dockerfile).not.toMatch(/^ADD /m);
  });

  it('sends the build only what it reads', () => {
    const ignored = read('.dockerignore').split('\n');
    expect(ignored).toContain('*');
    for (const never of ['data', 'node_modules', '.git', '.env']) expect(ignored).not.toContain(`!${never}`);
  });
});

function stage(name: string): Stage {
  return stages.find((one) => one.name === name)!;
}

/** The stages whose layers end up in an image. */
function chain(name: string): string[] {
  const found = stages.find((one) => one.name === name);
  return found === undefined ? [] : [name, ...chain(found.from)];
}

function stagesOf(text: string): Stage[] {
  const joined = text
    .replace(/\\\n\s*/g, '')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
  const found: { name: string; from: string; lines: string[] }[] = [];
  for (const line of joined) {
    const [, from, name] = /^FROM (\S+) AS (\S+)$/.exec(line) ?? [];
    if (from !== undefined && name !== undefined) found.push({ name, from, lines: [] });
    else found.at(-1)?.lines.push(line);
  }
  return found;
}
