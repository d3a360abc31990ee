import type { Answer, Command, Host, Invocation } from '../command/command.js';
import type { EvictionSetting } from '#libs/cache-policies';
import { EXIT } from '../command/exit-codes.js';
import { UsageError } from '../command/errors.js';
import { Progress } from '../command/progress.js';
import { askedLimits, settledLimits } from '../trace/cache-size.js';
import { openTrace, POLICIES, TRACE_OPTIONS } from '../trace/trace-options.js';
import { SimulatedCache } from './simulated-cache.js';
import { renderSimulation, type Simulation } from './render.js';

export const simulateCommand: Command = {
  name: 'simulate',
  summary: 'Run a trace through the memory tier of the cache in this process, without a server.',
  description:
    'Says what share of the requests, and of the bytes, the cache would have answered, and what an access costs. ' +
    'Traces are those of replay. The hashes that policies go by are the same in every run, and so are its counts.',
  arguments: [{ name: 'TRACE', help: 'Path of the trace.' }],
  options: {
    ...TRACE_OPTIONS,
    policy: {
      type: 'string',
      placeholder: 'POLICY',
      help: `One of ${POLICIES.join(', ')}; may be given again, to compare; all is each of them. Default: ${POLICIES[0]}.`,
      repeatable: true,
    },
  },
  examples: [
    'simulate trace.txt.gz --size 10000',
    'simulate trace.txt.gz --size 10% --policy all',
    'simulate trace.csv --max-bytes 50MB --policy adaptive --policy lru --json',
  ],
  run: simulate,
};

async function simulate(invocation: Invocation, host: Host): Promise<Answer> {
  const { clock, signal } = host;
  const policies = askedPolicies(invocation);
  const asked = askedLimits(invocation);
  const trace = await openTrace(invocation, host);
  await trace.checkBeginning();
  const limits = await settledLimits(asked, trace);
  const caches = policies.map((policy) => new SimulatedCache(policy, limits, clock));
  const progress = new Progress(host.terminal, clock);
  const unique = new Set<string>();
  let requests = 0;
  try {
    for await (const accesses of trace.read()) {
      for (const { key } of accesses) unique.add(key);
      for (const cache of caches) cache.access(accesses);
      requests += accesses.length;
      progress.update(trace.share, counted(requests));
      // Ctrl-C gets its turn.
      await clock.sleep(0, signal);
    }
    progress.finish(1, counted(requests));
  } finally {
    progress.close();
  }
  const simulation: Simulation = {
    trace: invocation.argument('TRACE')!,
    maxEntries: limits.maxEntries ?? null,
    maxBytes: limits.maxBytes ?? null,
    requests,
    unique: unique.size,
    results: await Promise.all(caches.map((cache) => cache.end())),
  };
  return { exitCode: EXIT.ok, json: jsonOf(simulation), text: renderSimulation(simulation) };
}

/** One policy's figures stand beside the trace's, several in a list. */
function jsonOf({ results, ...trace }: Simulation): object {
  const [only, another] = results;
  return another === undefined ? { ...trace, ...only } : { ...trace, results };
}

/** @throws UsageError */
function askedPolicies(invocation: Invocation): readonly EvictionSetting[] {
  const asked = new Set<EvictionSetting>();
  for (const text of invocation.texts('policy').flatMap((one) => one.split(','))) {
    const policy = POLICIES.find((one) => one === text);
    if (policy !== undefined) asked.add(policy);
    else if (text === 'all') for (const one of POLICIES) asked.add(one);
    else
      throw new UsageError(
        `--policy ${JSON.stringify(text)} is not known here.`,
        `It can be: ${POLICIES.join(', ')}, all.`,
      );
  }
  return asked.size === 0 ? [POLICIES[0]!] : [...asked];
}

function counted(requests: number): string {
  return `${requests.toLocaleString('en')} requests`;
}
