import { describe, expect, it } from '@jest/globals';
import { FakeClock } from '#libs/time/testing';
import { ListeningPage, PagePlace } from './page-place.js';

const API = 'http://api.example';

interface Request {
  readonly grant: () => void;
}

/** The locks of one origin, as browsers have them: whoever asked first comes first. */
class Locks {
  readonly #lines = new Map<string, Request[]>();

  get held(): string[] {
    return [...this.#lines].flatMap(([name, line]) => (line.length > 0 ? [name] : []));
  }

  request(name: string, signal: AbortSignal, work: () => Promise<void>): Promise<void> {
    const line = this.#lines.get(name) ?? [];
    this.#lines.set(name, line);
    return new Promise((resolve, reject) => {
      const leave = () => {
        const at = line.indexOf(request);
        line.splice(at, 1);
        if (at === 0) line[0]?.grant();
      };
      const abort = () => {
        leave();
        reject(signal.reason as Error);
      };
      const request: Request = {
        grant: () => {
          signal.removeEventListener('abort', abort);
          void Promise.resolve()
            .then(() => (signal.aborted ? Promise.reject(signal.reason as Error) : work()))
            .then(resolve, reject)
            .finally(leave);
        },
      };
      signal.addEventListener('abort', abort, { once: true });
      line.push(request);
      if (line[0] === request) request.grant();
    });
  }
}

class FakePage extends ListeningPage {
  visible = true;
  #changed: ((gone: boolean) => void) | undefined;

  constructor(private readonly locks: Locks | undefined) {
    super();
  }

  watch(changed: (gone: boolean) => void, signal: AbortSignal): void {
    this.#changed = changed;
    signal.addEventListener('abort', () => (this.#changed = undefined), { once: true });
  }

  get watched(): boolean {
    return this.#changed !== undefined;
  }

  async withLock(name: string, signal: AbortSignal, work: () => Promise<void>): Promise<void> {
    if (this.locks === undefined) throw new TypeError('There are no locks.');
    await this.locks.request(name, signal, work);
  }

  show(): void {
    this.visible = true;
    this.#changed!(false);
  }

  hide(): void {
    this.visible = false;
    this.#changed!(false);
  }

  go(): void {
    this.#changed!(true);
  }
}

/** Pages of one origin, each with a client that wants to listen. */
function somePages(count: number, { locks, endpoint = API }: { locks?: Locks | undefined; endpoint?: string } = {}) {
  const clock = new FakeClock();
  const pages = Array.from({ length: count }, () => {
    const page = new FakePage(locks);
    const client = { begun: 0, listens: false };
    const listen = async (signal: AbortSignal) => {
      client.begun++;
      client.listens = true;
      if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
      client.listens = false;
    };
    const closing = new AbortController();
    new PagePlace(page, endpoint, clock).hold(listen, closing.signal);
    return { page, client, close: () => closing.abort() };
  });
  const listening = () => pages.flatMap(({ client }, i) => (client.listens ? [i] : []));
  return { clock, pages, listening };
}

describe('The place of a page', () => {
  it('is had by two pages at a time, and the next that waits takes it when one closes', async () => {
    const locks = new Locks();
    const { clock, pages, listening } = somePages(8, { locks });
    await clock.advance(60_000);
    expect(listening()).toEqual([0, 1]);
    pages[0]!.close();
    await clock.advance(0);
    expect(listening()).toEqual([1, 2]);
    pages[2]!.close();
    pages[3]!.close();
    await clock.advance(0);
    expect(listening()).toEqual([1, 4]);
    expect(pages.map(({ client }) => client.begun)).toEqual([1, 1, 1, 0, 1, 0, 0, 0]);
    for (const { close } of pages) close();
    await clock.advance(0);
    expect([locks.held, clock.timers, pages.some(({ page }) => page.watched)]).toEqual([[], 0, false]);
  });

  it('is let go by a page that was hidden for 5 s, which listens anew when it is seen again', async () => {
    const { clock, pages, listening } = somePages(3, { locks: new Locks() });
    const [first] = pages;
    await clock.advance(0);
    first!.page.hide();
    await clock.advance(4_999);
    first!.page.show();
    await clock.advance(60_000);
    expect([listening(), first!.client.begun]).toEqual([[0, 1], 1]);
    first!.page.hide();
    await clock.advance(5_000);
    expect(listening()).toEqual([1, 2]);
    first!.page.show();
    await clock.advance(60_000);
    expect(listening()).toEqual([1, 2]);
    pages[1]!.page.hide();
    await clock.advance(5_000);
    expect([listening(), first!.client.begun]).toEqual([[0, 2], 2]);
  });

  it('is not waited for by a page that nobody sees', async () => {
    const { clock, pages, listening } = somePages(4, { locks: new Locks() });
    await clock.advance(0);
    pages[2]!.page.hide();
    pages[0]!.close();
    await clock.advance(0);
    expect(listening()).toEqual([1, 3]);
    pages[3]!.close();
    await clock.advance(60_000);
    expect(listening()).toEqual([1]);
    pages[2]!.page.show();
    await clock.advance(0);
    expect(listening()).toEqual([1, 2]);
  });

  it('is free at once when the page goes, and wanted again when the page comes back', async () => {
    const { clock, pages, listening } = somePages(3, { locks: new Locks() });
    await clock.advance(0);
    pages[0]!.page.go();
    pages[0]!.page.hide();
    await clock.advance(0);
    expect(listening()).toEqual([1, 2]);
    pages[1]!.close();
    pages[0]!.page.show();
    await clock.advance(0);
    expect(listening()).toEqual([0, 2]);
  });

  it('is had by every visible page where there are no locks', async () => {
    const { clock, pages, listening } = somePages(3);
    await clock.advance(0);
    expect(listening()).toEqual([0, 1, 2]);
    pages[1]!.page.hide();
    await clock.advance(5_000);
    expect(listening()).toEqual([0, 2]);
    pages[1]!.page.show();
    await clock.advance(0);
    expect([listening(), pages[1]!.client.begun]).toEqual([[0, 1, 2], 2]);
  });

  it('is one of each endpoint', async () => {
    const locks = new Locks();
    const here = somePages(3, { locks });
    const slashed = somePages(1, { locks, endpoint: `${API}/` });
    const there = somePages(3, { locks, endpoint: 'http://other.example' });
    await here.clock.advance(0);
    expect([here.listening(), slashed.listening(), there.listening()]).toEqual([[0, 1], [], [0, 1]]);
  });
});
