import { describe, expect, it } from '@jest/globals';
import { read } from './compose-file.js';
import { chain, dockerfile, environmentOf, stage, stages } from './dockerfile-stages.js';

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

  it('has the one container listen where it can be reached, and keep its data on the volume', () => {
    expect(environmentOf('standalone')).toMatchObject({ ALPERF_BIND: '0.0.0.0', ALPERF_DATA_DIR: '/data' });
    expect(stage('standalone').lines).toContain('VOLUME /data');
  });

  it('leaves the embedded engine out of what the distributed apps get', () => {
    const install = stage('distributed-modules').lines.join('\n');
    expect(install).toMatch(/npm pkg delete dependencies\.chdb dependencies\.node/);
    expect(install).toMatch(/npm install --omit=dev/);
    expect(stage('distributed').lines.join('\n')).toContain('--from=distributed-modules');
    const withNative = Object.keys(manifest.dependencies).filter((name) => name.includes('chdb'));
    expect(withNative).toEqual(['chdb']);
  });

  it('is read by the builder that is there: no other one is pulled from a registry', () => {
    expect(dockerfile).not.toMatch(/^#\s*syntax=/m);
    // What would need one.
    expect(dockerfile).not.toMatch(/^RUN --|^(COPY|ADD) .*--(link|parents|exclude)|<<[-\w]/m);
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
