/** How a command of `alperf` is typed, for messages that say to run it: it comes with the checkout, nothing puts it on the PATH. */
export function alperfCommand(line: string): string {
  return `npm run --silent alperf -- ${line}`;
}
