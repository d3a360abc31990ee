/** Where progress and messages go: stderr. The answer itself goes to stdout, by the runner alone. */
export interface Terminal {
  /** A person is watching: a line may be drawn over again. */
  readonly interactive: boolean;
  /** As wide as the window is now. */
  readonly columns: number;
  /** As high as the window is now. */
  readonly rows: number;
  write(text: string): void;
  /** Calls back whenever the window has another size, until what it returns is called. Default: it never has. */
  onResize?(resized: () => void): () => void;
}

/** One whole line. */
export function say(terminal: Terminal, message: string): void {
  terminal.write(`${message}\n`);
}
