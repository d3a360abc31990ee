import { read } from './compose-file.js';

/** One stage of the Dockerfile, its continued lines joined. */
export interface Stage {
  readonly name: string;
  readonly from: string;
  readonly lines: readonly string[];
}

export const dockerfile = read('Dockerfile');
export const stages = stagesOf(dockerfile);

export function stage(name: string): Stage {
  return stages.find((one) => one.name === name)!;
}

/** The stages whose layers end up in an image, its own first. */
export function chain(name: string): string[] {
  const found = stages.find((one) => one.name === name);
  return found === undefined ? [] : [name, ...chain(found.from)];
}

/** The environment of an image. */
export function environmentOf(name: string): Record<string, string> {
  const lines = chain(name)
    .toReversed()
    .flatMap((one) => stage(one).lines);
  const pairs = lines
    .filter((line) => line.startsWith('ENV '))
    .flatMap((line) => [...line.slice(4).matchAll(/(\w+)=(\S+)/g)].map(([, key, value]) => [key!, value!]));
  return Object.fromEntries(pairs) as Record<string, string>;
}

/** Arguments of an instruction in its JSON form: `CMD ["a", "b"]`. */
export function argumentsOf(name: string, instruction: string): string[] {
  const line = stage(name).lines.find((one) => one.startsWith(`${instruction} `))!;
  return JSON.parse(line.slice(line.indexOf('['))) as string[];
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
