/** What a script can rely on. The same table stands in docs/cli.md and in `alperf help`. */
export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 2,
  unreachable: 3,
  countsDiffer: 4,
  rejected: 5,
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

export const EXIT_CODE_HELP: readonly (readonly [code: ExitCode, meaning: string])[] = [
  [EXIT.ok, 'done'],
  [EXIT.failed, 'failed; the message says why'],
  [EXIT.usage, 'the command line is wrong, or a file it names holds nothing'],
  [EXIT.unreachable, 'the server does not answer'],
  [EXIT.countsDiffer, 'what was emitted and what the database holds differ'],
  [EXIT.rejected, 'some events were rejected; the others were accepted'],
  [EXIT.interrupted, 'stopped by Ctrl-C or SIGTERM'],
];
