import { describe, expect, it } from '@jest/globals';
import { Ajv } from 'ajv';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer, type AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { parse } from 'yaml';
import { COMPOSE_VARIABLES, KNOWN_VARIABLES, parseSettings } from '#libs/operations';
import { composeFile, read, ROOT } from './compose-file.js';
import { stage } from './dockerfile-stages.js';

const compose = composeFile();
const services = Object.entries(compose.services);
const APPS = ['collector', 'aggregator', 'alerter', 'api'];

describe('docker-compose.yml', () => {
  it('fits the schema of the compose specification', () => {
    const validate = specification();
    expect(validate(compose)).toEqual([]);
  });

  it('is checked by a schema that refuses what is wrong', () => {
    const validate = specification();
    expect(validate({ ...compose, services: { api: { image: 'a:1', healtcheck: {} } } })).not.toEqual([]);
    expect(validate({ ...compose, services: { api: { image: 'a:1', ports: 8080 } } })).not.toEqual([]);
  });

  it('starts the broker, the database, the apps and Grafana', () => {
    expect(Object.keys(compose.services).sort()).toEqual([...APPS, 'clickhouse', 'grafana', 'kafka'].sort());
  });

  it.each(services)('pins the version of %s', (_, { image, build }) => {
    const tag = /:([^:@]+)(@sha256:[0-9a-f]{64})?$/.exec(image ?? '')?.[1];
    expect(tag).toMatch(/^\d+\.\d+(\.\d+)*$/);
    if (build !== undefined) expect(read('Dockerfile')).toContain(` AS ${build.target}\n`);
  });

  it.each(services)('runs %s without root and without privileges', (_, service) => {
    expect(Number(service.user?.split(':')[0])).toBeGreaterThan(0);
    expect(service.privileged).toBeUndefined();
    expect(service.cap_drop).toEqual(['ALL']);
    expect(service.security_opt).toContain('no-new-privileges:true');
  });

  it.each(services)('knows whether %s is well, bounds it and starts it again', (_, service) => {
    expect(service.healthcheck?.test[0]).toBe('CMD');
    expect(service.healthcheck?.disable).toBeUndefined();
    expect(service.restart).toBe('unless-stopped');
    expect(service.deploy?.resources?.limits).toEqual({
      cpus: expect.stringMatching(/^\d/),
      memory: expect.stringMatching(/^\d+[mg]$/),
    });
    // Docker refuses a container more cores than the machine has, and then the composition does not start.
    expect(Number(service.deploy!.resources!.limits!.cpus)).toBeLessThanOrEqual(2);
  });

  it.each(services)(
    'looks whether %s is well by what costs little, once it had time to start',
    (_, { healthcheck }) => {
      const [, program] = healthcheck!.test;
      expect(['bash', 'node', 'wget']).toContain(program);
      // A Node takes a seventh of a second of CPU; a JVM would take ten times as much, and memory.
      expect(Number.parseInt(healthcheck!.interval!)).toBeGreaterThanOrEqual(program === 'node' ? 10 : 5);
      expect(Number.parseInt(healthcheck!.start_period!)).toBeGreaterThanOrEqual(10);
    },
  );

  it('finds the broker well by its port, and not well without', async () => {
    const [, program, ...args] = compose.services['kafka']!.healthcheck!.test;
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    // Not spawnSync: the server of this very process has to answer.
    const look = async () => {
      const probe = spawn(
        program!,
        args.map((arg) => arg.replace('/9092', `/${port}`)),
        { stdio: 'ignore' },
      );
      const [code] = (await once(probe, 'exit')) as [number];
      return code;
    };
    expect(args.join(' ')).toContain('/dev/tcp/127.0.0.1/9092');
    expect(await look()).toBe(0);
    server.close();
    await once(server, 'close');
    expect(await look()).not.toBe(0);
  });

  it.each(services)('publishes ports of %s on loopback only', (_, { ports = [] }) => {
    for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:\d+:\d+$/);
  });

  it('keeps data in named volumes, and mounts nothing of the host but configuration, read-only', () => {
    const mounts = services.flatMap(([, { volumes = [] }]) => volumes);
    const named = mounts.filter((mount) => !mount.startsWith('.') && !mount.startsWith('/'));
    expect(named.map((mount) => mount.split(':')[0]!).sort()).toEqual(Object.keys(compose.volumes).sort());
    for (const mount of mounts.filter((one) => !named.includes(one))) {
      const [source, , mode] = mount.split(':');
      expect(mode).toBe('ro');
      expect(existsSync(join(ROOT, source!))).toBe(true);
    }
  });

  it('waits for what a service needs, and the graph has no service that does not exist', () => {
    for (const [, { depends_on = {} }] of services)
      for (const [name, { condition }] of Object.entries(depends_on)) {
        expect(compose.services).toHaveProperty(name);
        expect(condition).toBe('service_healthy');
      }
    expect(Object.keys(compose.services['aggregator']!.depends_on!)).toEqual(['kafka', 'clickhouse']);
  });

  it('holds no secret: each comes from the environment or a file, and is mounted only where it is used', () => {
    for (const [, { environment = {} }] of services)
      for (const [name, value] of Object.entries(environment))
        if (/PASSWORD|SECRET|TOKEN|KEY/.test(name) && !/PASSWORD_|__FILE$|_FILE$/.test(name))
          expect(String(value)).toMatch(/^\$\{\w+:\?/);
    for (const secret of Object.values(compose.secrets)) expect(secret.environment ?? secret.file).toBeTruthy();
    const used = new Set(services.flatMap(([, { secrets = [] }]) => secrets));
    expect([...used].sort()).toEqual(Object.keys(compose.secrets).sort());
  });

  it('takes from .env what every program leaves alone, and documents it', () => {
    const text = read('docker-compose.yml');
    const interpolated = [...text.matchAll(/\$\{(ALPERF_\w+)/g)].map(([, name]) => name!);
    const secret = Object.values(compose.secrets).flatMap(({ environment }) => environment ?? []);
    const taken = [...new Set([...interpolated, ...secret])].sort();
    expect(taken.filter((name) => !KNOWN_VARIABLES.includes(name))).toEqual([...COMPOSE_VARIABLES].sort());
    const env = Object.fromEntries(taken.map((name) => [name, 'x']));
    expect(() => parseSettings({}, { env })).not.toThrow();
    const operations = read('docs/operations.md');
    for (const name of taken) expect(operations).toContain(name);
  });

  it.each(APPS)('gives the %s a root that nobody writes to, and no secret that compose would copy there', (name) => {
    const { read_only, secrets = [] } = compose.services[name]!;
    expect(read_only).toBe(true);
    // Only files are mounted; one from the environment ends the start with "container rootfs is marked read-only".
    for (const secret of secrets) expect(compose.secrets[secret]).toEqual({ file: expect.any(String) });
  });

  it('starts apps that exist', () => {
    for (const name of APPS) {
      const [main] = compose.services[name]!.command!;
      expect(main).toBe(`dist/apps/${name}/src/main.js`);
      expect(existsSync(join(ROOT, 'apps', name, 'src', 'main.ts'))).toBe(true);
    }
  });

  it('makes one broker durable by itself, and lets a full batch through', () => {
    const { environment = {} } = compose.services['kafka']!;
    expect(environment['KAFKA_LOG_FLUSH_INTERVAL_MESSAGES']).toBe(1);
    expect(Number(environment['KAFKA_MESSAGE_MAX_BYTES'])).toBeGreaterThan(1_048_576 + 100 * 2_048);
    // The topic has a retention of its own, from this setting of whoever makes it.
    expect(environment).not.toHaveProperty('KAFKA_LOG_RETENTION_HOURS');
    for (const name of ['collector', 'aggregator'])
      expect(compose.services[name]!.environment!['ALPERF_LOG_RETENTION_HOURS']).toBeGreaterThan(48);
  });

  it('is read by docker compose itself, where there is one', () => {
    const version = spawnSync('docker', ['compose', 'version'], { encoding: 'utf8' });
    if (version.status !== 0) {
      process.stderr.write('docker compose is not installed: docker-compose.yml was checked by its schema only.\n');
      return;
    }
    const env = { ...process.env, ...ENV };
    const result = spawnSync('docker', ['compose', 'config', '--quiet'], { cwd: ROOT, encoding: 'utf8', env });
    expect(result.stderr).toBe('');
    expect(result.status).toBe(0);
  });
});

describe('The documentation of running it', () => {
  const operations = read('docs/operations.md');

  it.each(['README.md', 'docs/operations.md', 'docs/cli.md', 'docs/sql.md'])(
    'names in %s only variables there are',
    (path) => {
      const there = new Set([...KNOWN_VARIABLES, ...COMPOSE_VARIABLES]);
      const named = [...read(path).matchAll(/\bALPERF_[A-Z_]+[A-Z]\b/g)].map(([name]) => name);
      expect(named.filter((name) => !there.has(name))).toEqual([]);
    },
  );

  it('has each service with the ports that it publishes', () => {
    for (const [name, { ports = [] }] of services) {
      const row = new RegExp(`^\\| ${name} +\\| ([^|]*)\\|`, 'm').exec(operations)?.[1];
      const published = ports.map((port) => port.split(':')[1]);
      expect([name, row!.startsWith('none') ? [] : row!.match(/\d{4}/g)]).toEqual([name, published]);
    }
  });

  it('starts the one container as its image is: ports, volume, user, keys', () => {
    const command = /docker run --detach[^]*?alperf-standalone\n/.exec(operations)![0];
    const exposed = /^EXPOSE ([\d ]+)$/.exec(stage('standalone').lines.find((line) => line.startsWith('EXPOSE'))!)![1];
    const published = [...command.matchAll(/--publish 127\.0\.0\.1:(\d+):\1\b/g)].map(([, port]) => port);
    expect(published).toEqual(exposed!.split(' '));
    expect(stage('standalone').lines).toContain(`VOLUME ${/--volume alperf-data:(\S+)/.exec(command)![1]}`);
    const keys = /--volume "\$PWD\/keys\.yaml:(\S+):ro"/.exec(command)![1];
    expect(command).toContain(`--env ALPERF_KEYS_FILE=${keys} `);
    // Keys are made for their owner alone; the container's user is another one.
    expect(operations.match(/keys create --id first[^\n]*--file keys\.yaml\nchmod 644 keys\.yaml/g)).toHaveLength(2);
  });

  it('runs programs of the images where they lie', () => {
    for (const [, script] of operations.matchAll(/ (dist\/\S+\.js)/g))
      expect(existsSync(join(ROOT, script!.replace(/^dist\/(.*)\.js$/, '$1.ts')))).toBe(true);
    for (const [, service] of operations.matchAll(/docker compose exec (?:-\S+ \S+=\S+ )*([a-z]+)/g))
      expect(compose.services).toHaveProperty(service!);
  });
});

describe('The configuration that is mounted', () => {
  it('provisions one data source, ClickHouse by SQL, with no password in it', () => {
    const { datasources } = parse(read('dashboards/grafana/provisioning/datasources/clickhouse.yaml')) as {
      datasources: { type: string; jsonData: { host: string }; secureJsonData: { password: string } }[];
    };
    expect(datasources.map(({ type }) => type)).toEqual(['grafana-clickhouse-datasource']);
    expect(datasources[0]!.secureJsonData.password).toBe('$__file{/run/secrets/reader_password}');
    const environment = compose.services['grafana']!.environment!;
    for (const [, name] of JSON.stringify(datasources).matchAll(/\$(ALPERF_\w+)/g))
      expect(environment).toHaveProperty(name!);
  });

  it('pins for the apps and for people what the guarantees rest on', () => {
    const users = read('libs/clickhouse/server/users.d/alperf.xml');
    const profile = (name: string) => new RegExp(`<${name}>[\\s\\S]*?</${name}>`).exec(users)![0];
    expect(profile('alperf_app')).toContain('<async_insert>0</async_insert>');
    expect(profile('alperf_app')).toContain('<deduplicate_insert>disable</deduplicate_insert>');
    expect(profile('alperf_reader')).toContain('<readonly>1</readonly>');
    expect(profile('alperf_reader')).toContain('<final>1</final>');
    for (const setting of ['fsync_after_insert', 'fsync_part_directory'])
      expect(read('libs/clickhouse/server/config.d/alperf.xml')).toContain(`<${setting}>1</${setting}>`);
    expect(users).toContain('<default remove="remove"/>');
    for (const [, name] of users.matchAll(/from_env="(\w+)"/g))
      expect(compose.services['clickhouse']!.environment).toHaveProperty(name!);
  });
});

/** Values for the variables without which compose refuses to start. */
const ENV = {
  ALPERF_CLICKHOUSE_PASSWORD: 'a',
  ALPERF_READER_PASSWORD: 'b',
  ALPERF_GRAFANA_PASSWORD: 'c',
};

/** The specification's own schema, as dclint carries it. */
function specification(): (value: unknown) => unknown[] {
  const require = createRequire(join(ROOT, 'package.json'));
  const folder = dirname(require.resolve('dclint/package.json'));
  const schema = JSON.parse(readFileSync(join(folder, 'schemas', 'compose.schema.json'), 'utf8')) as Record<
    string,
    unknown
  >;
  // The draft's address is written with https there, which ajv does not know; the draft is the same.
  const ajv = new Ajv({ strict: false, validateFormats: false, allErrors: true });
  const validate = ajv.compile({ ...schema, $schema: 'http://json-schema.org/draft-07/schema#' });
  return (value) => (validate(value) ? [] : [...validate.errors!]);
}
