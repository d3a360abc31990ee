import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What is answered at a path; a text goes out as it is, all else as JSON. */
export type Answers = Readonly<Record<string, (body: string) => { readonly status: number; readonly body: unknown }>>;

/** A server on a real socket that keeps what it was asked and answers by path; 404 at every other path. */
export class AskedServer {
  readonly asked: { readonly path: string; readonly body: string }[] = [];
  readonly #answers: Answers;
  readonly #server: Server;

  private constructor(answers: Answers) {
    this.#answers = answers;
    this.#server = createServer((request, response) => void this.#answer(request, response));
  }

  static async start(answers: Answers = {}): Promise<AskedServer> {
    const started = new AskedServer(answers);
    await new Promise<void>((resolve) => started.#server.listen(0, '127.0.0.1', resolve));
    return started;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeAllConnections();
    await closed;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    const path = new URL(request.url!, 'http://x').pathname;
    this.asked.push({ path, body });
    const answer = this.#answers[path]?.(body) ?? { status: 404, body: {} };
    response.writeHead(answer.status, { 'content-type': 'application/json' });
    response.end(typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body));
  }
}
