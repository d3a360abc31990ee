import { alperfCommand } from '#libs/operations';
import type { Command, OptionSpecs } from './command.js';
import { EXIT_CODE_HELP } from './exit-codes.js';
import { COMMON_OPTIONS } from './parse.js';

/** The overview, or the part of it whose commands start with `group`. Pure. */
export function overview(commands: readonly Command[], group?: string): string {
  const shown = commands.filter((one) => group === undefined || one.name.startsWith(`${group} `));
  return [
    `Usage: ${alperfCommand('COMMAND [ARGUMENTS] [OPTIONS]')}`,
    '',
    'Commands:',
    ...table(shown.map((one) => [one.name, one.summary])),
    '',
    `\`${alperfCommand('help COMMAND')}\` shows arguments, options and examples. Every command has --json.`,
    '',
    'Exit codes:',
    ...table(EXIT_CODE_HELP.map(([code, meaning]) => [String(code), meaning])),
  ].join('\n');
}

/** One command's help. Pure. */
export function commandHelp(command: Command): string {
  const inName = command.name.split(' ');
  const places = command.arguments
    .filter(({ name }) => !inName.includes(name))
    .map(({ name, optional }) => (optional === true ? `[${name}]` : name));
  return [
    `Usage: ${alperfCommand([command.name, ...places, '[OPTIONS]'].join(' '))}`,
    '',
    command.summary,
    ...(command.description === undefined ? [] : [command.description]),
    ...(command.arguments.length === 0
      ? []
      : ['', 'Arguments:', ...table(command.arguments.map(({ name, help }) => [name, help]))]),
    '',
    'Options:',
    ...table(optionRows({ ...command.options, ...COMMON_OPTIONS })),
    '',
    'Examples:',
    ...command.examples.map((example) => `  ${alperfCommand(example)}`),
  ].join('\n');
}

function optionRows(options: OptionSpecs): [string, string][] {
  return Object.entries(options).map(([name, { short, placeholder, help, fallback, type }]) => [
    `${short === undefined ? '' : `-${short}, `}--${name}${type === 'string' ? ` ${placeholder ?? 'VALUE'}` : ''}`,
    `${help}${fallback === undefined ? '' : ` Default: ${fallback}.`}`,
  ]);
}

function table(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`);
}
