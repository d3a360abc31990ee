import { isIP } from 'node:net';
import type { Setting } from './settings.js';

/** The kinds of settings there are. Units are part of the variable's name. */
export const setting = {
  text: (variable: string, fallback: string, help: string): Setting<string> => ({
    variable,
    fallback,
    help,
    expects: 'a text',
    parse: (text) => text,
  }),

  /** A text that has no default: undefined when it is not set. */
  optionalText: (variable: string, help: string, options: { secret?: boolean } = {}): Setting<string | undefined> => ({
    variable,
    fallback: undefined,
    help,
    expects: 'a text',
    ...(options.secret === true && { secret: true }),
    parse: (text) => text,
  }),

  integer: (
    variable: string,
    fallback: number,
    range: readonly [min: number, max: number],
    help: string,
  ): Setting<number> => ({
    variable,
    fallback,
    help,
    expects: `a whole number from ${range[0]} to ${range[1]}`,
    parse: (text) => {
      const value = Number(text.trim());
      return text.trim() !== '' && Number.isInteger(value) && value >= range[0] && value <= range[1]
        ? value
        : undefined;
    },
  }),

  /** An address to listen on; an IPv6 address may stand in brackets, as in a URL, which nothing can listen on. */
  address: (variable: string, fallback: string, help: string): Setting<string> => ({
    variable,
    fallback,
    help,
    expects: 'an IP address or a name of this machine',
    parse: (text) => {
      const address = text.trim().replace(/^\[(.*)\]$/, '$1');
      return isIP(address) > 0 || /^[\w-]+(?:\.[\w-]+)*$/.test(address) ? address : undefined;
    },
  }),

  /** 0 lets the machine choose a free one. */
  port: (variable: string, fallback: number, help: string): Setting<number> =>
    setting.integer(variable, fallback, [0, 65_535], help),

  flag: (variable: string, fallback: boolean, help: string): Setting<boolean> => ({
    variable,
    fallback,
    help,
    expects: 'true or false',
    parse: (text) => (text === 'true' || text === '1' ? true : text === 'false' || text === '0' ? false : undefined),
  }),

  /** Comma-separated in a variable, a list in the settings file. */
  list: (variable: string, fallback: readonly string[], help: string): Setting<readonly string[]> => ({
    variable,
    fallback,
    help,
    expects: 'a list separated by commas',
    parse: parts,
  }),

  /** A list of web origins, as browsers send them: in lower case, without the port that a scheme has anyway. */
  origins: (variable: string, help: string): Setting<readonly string[]> => ({
    variable,
    fallback: [],
    help,
    expects: 'a list of origins (scheme://host or scheme://host:port, no path) separated by commas',
    parse: (text) => {
      const origins = parts(text).map(originOf);
      return origins.every((one) => one !== undefined) ? origins : undefined;
    },
  }),

  oneOf: <const Values extends readonly string[]>(
    variable: string,
    values: Values,
    fallback: Values[number],
    help: string,
  ): Setting<Values[number]> => ({
    variable,
    fallback,
    help,
    expects: `one of ${values.join(', ')}`,
    parse: (text) => values.find((one) => one === text),
  }),
} as const;

function parts(text: string): string[] {
  return text
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '');
}

/** Of a scheme of the web the URL's own origin; `URL` knows none for others, such as tauri://localhost. */
function originOf(text: string): string | undefined {
  if (!/^[a-z][a-z0-9+.-]*:\/\/[^/?#@\\\s*]+$/i.test(text) || !URL.canParse(text)) return undefined;
  const { origin } = new URL(text);
  return origin === 'null' ? text.toLowerCase() : origin;
}
