export interface Welcome {
  readonly url: string;
  readonly sqlUrl: string;
  readonly dataDir: string;
  readonly startedMs: number;
  readonly needsKey: boolean;
}

/** What a person sees when everything runs: where things are, and what to type next. Pure. */
export function welcomeText({ url, sqlUrl, dataDir, startedMs, needsKey }: Welcome): string {
  const key = needsKey ? ' --key KEY' : '';
  return [
    '',
    `  AlLibrary Performance runs (${(startedMs / 1_000).toFixed(1)} s).`,
    '',
    `    Page and API   ${url}`,
    `    SQL            ${sqlUrl}`,
    `    Data           ${dataDir}`,
    '',
    '  Next, in another terminal:',
    '',
    `    npm run --silent alperf -- replay package-lock.json --format keys --size 10% --endpoint ${url}${key}`,
    '',
    '  Stop it with Ctrl-C; nothing is lost.',
    '',
    '',
  ].join('\n');
}
