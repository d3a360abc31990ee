/** Where the command line looks when it is told nothing. */
const USUAL_ORIGINS: readonly string[] = ['http://127.0.0.1:8080', 'http://localhost:8080'];

/** How a command of `alperf` is typed in a checkout. Pure. */
export function alperf(line: string): string {
  return `npm run --silent alperf -- ${line}`;
}

/** The same, for one that asks the server of this page. Pure. */
export function alperfAt(origin: string, line: string): string {
  return alperf(USUAL_ORIGINS.includes(origin) ? line : `${line} --endpoint ${origin}`);
}
