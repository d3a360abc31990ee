/** Where progress and messages go: stderr. The answer itself goes to stdout, by the runner alone. */
export interface Terminal {
  /** A person is watching: a line may be drawn over again. */
  readonly interactive: boolean;
  readonly columns: number;
  write(text: string): void;
}

/** One whole line. */
export function say(terminal: Terminal, message: string): void {
  terminal.write(`${message}\n`);
}
