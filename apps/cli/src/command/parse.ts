import { parseArgs } from 'node:util';
import { alperfCommand } from '#libs/operations';
import type { Command, Invocation, OptionSpecs } from './command.js';
import { UsageError } from './errors.js';
import { meant, nearest } from './suggest.js';

/** Options that every command has. */
export const COMMON_OPTIONS: OptionSpecs = {
  json: { type: 'boolean', help: 'Answer with exactly one JSON document on stdout.' },
  help: { type: 'boolean', short: 'h', help: 'Show this help.' },
};

export type CommandLine =
  | { readonly kind: 'run'; readonly command: Command; readonly invocation: Invocation }
  /** `asked`: somebody wanted help; otherwise a command was left unfinished, which a script must be able to tell. */
  | {
      readonly kind: 'help';
      readonly command?: Command | undefined;
      readonly group?: string | undefined;
      readonly asked?: false;
    }
  | { readonly kind: 'version' };

/**
 * Reads a command line. Pure.
 * @throws UsageError that names what is wrong and, when there is one, what was probably meant.
 */
export function parseCommandLine(argv: readonly string[], commands: readonly Command[]): CommandLine {
  const [first, second] = argv;
  if (first === undefined || first === '--help' || first === '-h') return { kind: 'help' };
  if (first === '--version' || first === '-V') return { kind: 'version' };
  if (first === 'help') return helpFor(argv.slice(1), commands);
  const acting = actingCommand(argv, commands);
  if (acting !== undefined) return parseInvocation(acting, [second!, ...argv.slice(3)]);
  const two = commands.find((one) => one.name === `${first} ${second}`);
  if (two !== undefined) return parseInvocation(two, argv.slice(2));
  const one = commands.find((command) => command.name === first);
  if (one !== undefined) return parseInvocation(one, argv.slice(1));
  const group = commands.filter((command) => command.name.startsWith(`${first} `));
  if (group.length === 0) throw unknownCommand(first, commands);
  if (second === undefined) return { kind: 'help', group: first, asked: false };
  if (second === '--help' || second === '-h') return { kind: 'help', group: first };
  const words = group.map((command) => command.name.slice(first.length + 1));
  throw new UsageError(
    `\`${first}\` has no command \`${second}\`.`,
    `${meant(nearest(second, words))}It has: ${words.join(', ')}.`,
  );
}

/**
 * The command that does something with what its second word names: `cache NAME clear`. The action stands right behind it.
 * @throws UsageError for an action that there is not
 */
function actingCommand([first, named, action]: readonly string[], commands: readonly Command[]): Command | undefined {
  const acting = commands.flatMap((command) => {
    const [group, place, does] = command.name.split(' ');
    return group === first && does !== undefined ? [{ command, place: place!, does }] : [];
  });
  if (acting.length === 0 || named === undefined || named.startsWith('-')) return undefined;
  if (action === undefined || action.startsWith('-')) return undefined;
  const found = acting.find(({ does }) => does === action);
  if (found !== undefined) return found.command;
  const actions = acting.map(({ does }) => does);
  throw new UsageError(
    `\`${first} ${acting[0]!.place}\` has no action \`${action}\`.`,
    `${meant(nearest(action, actions))}It has: ${actions.join(', ')}.`,
  );
}

function helpFor(words: readonly string[], commands: readonly Command[]): CommandLine {
  const [first] = words;
  if (first === undefined) return { kind: 'help' };
  const name = words.filter((word) => !word.startsWith('-')).join(' ');
  const command = commands.find((one) => one.name === name);
  if (command !== undefined) return { kind: 'help', command };
  if (commands.some((one) => one.name.startsWith(`${first} `))) return { kind: 'help', group: first };
  throw unknownCommand(name, commands);
}

function unknownCommand(word: string, commands: readonly Command[]): UsageError {
  const names = commands.flatMap((one) => [one.name.split(' ')[0]!, one.name]);
  const what = word.startsWith('-')
    ? `The command must come before its options: \`${word}\``
    : `There is no command \`${word}\``;
  return new UsageError(`${what}.`, `${meant(nearest(word, names))}\`${alperfCommand('help')}\` lists them all.`);
}

function parseInvocation(command: Command, args: readonly string[]): CommandLine {
  const specs: OptionSpecs = { ...command.options, ...COMMON_OPTIONS };
  // Not strict: the messages of parseArgs neither suggest nor say what to do. The tokens hold all that is needed.
  const { tokens } = parseArgs({
    args: [...args],
    options: Object.fromEntries(
      Object.entries(specs).map(([name, { type, short }]) => [name, short === undefined ? { type } : { type, short }]),
    ),
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const texts = new Map<string, string[]>();
  const flags = new Set<string>();
  const positionals: string[] = [];
  for (const token of tokens) {
    if (token.kind === 'positional') positionals.push(token.value);
    if (token.kind !== 'option') continue;
    const spec = Object.hasOwn(specs, token.name) ? specs[token.name]! : undefined;
    if (spec === undefined) throw unknownOption(command, token.rawName, Object.keys(specs));
    if (spec.type === 'boolean') {
      if (token.value !== undefined)
        throw new UsageError(`${token.rawName} takes no value.`, `Write ${token.rawName} alone.`);
      flags.add(token.name);
    } else {
      const before = spec.repeatable === true ? (texts.get(token.name) ?? []) : [];
      texts.set(token.name, [...before, optionValue(token, spec.placeholder ?? 'VALUE')]);
    }
  }
  if (flags.has('help')) return { kind: 'help', command };
  const named = nameArguments(command, positionals);
  return {
    kind: 'run',
    command,
    invocation: {
      argument: (name) => named.get(name),
      text: (option) => texts.get(option)?.at(-1) ?? specs[option]?.fallback,
      texts: (option) => texts.get(option) ?? [],
      flag: (option) => flags.has(option),
      json: flags.has('json'),
    },
  };
}

function optionValue(
  token: { readonly rawName: string; readonly value?: string | undefined; readonly inlineValue?: boolean | undefined },
  placeholder: string,
): string {
  const { rawName, value, inlineValue } = token;
  // `--size --json` forgot the size; it does not ask for a size of "--json".
  const looksLikeOption = inlineValue !== true && value !== undefined && value.startsWith('-') && value !== '-';
  if (value === undefined || value === '' || looksLikeOption)
    throw new UsageError(
      `${rawName} needs a value.`,
      `Write ${rawName} ${placeholder}${looksLikeOption ? `, or ${rawName}=${value} when that is the value` : ''}.`,
    );
  return value;
}

function unknownOption(command: Command, rawName: string, known: readonly string[]): UsageError {
  const guess = nearest(rawName.replace(/^-+/, ''), known);
  return new UsageError(
    `\`${command.name}\` has no option ${rawName}.`,
    `${meant(guess === undefined ? undefined : `--${guess}`)}\`${alperfCommand(`help ${command.name}`)}\` lists them all.`,
  );
}

function nameArguments(command: Command, positionals: readonly string[]): Map<string, string> {
  const named = new Map<string, string>();
  for (const [i, { name, optional }] of command.arguments.entries()) {
    const value = positionals[i];
    if (value !== undefined) named.set(name, value);
    else if (optional !== true)
      throw new UsageError(`${name} is missing.`, `See \`${alperfCommand(`help ${command.name}`)}\` for examples.`);
  }
  const extra = positionals[command.arguments.length];
  if (extra !== undefined)
    throw new UsageError(
      `${JSON.stringify(extra)} is one argument too many.`,
      `\`${command.name}\` takes ${command.arguments.length === 0 ? 'none' : command.arguments.map((one) => one.name).join(' ')}.`,
    );
  return named;
}
