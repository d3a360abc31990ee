import { ListeningPage } from '../control/page-place.js';

/** The page that this runs in, by its visibility and the Web Locks of its origin. A worker counts as visible. */
export class BrowserPage extends ListeningPage {
  get visible(): boolean {
    return typeof document === 'undefined' || document.visibilityState !== 'hidden';
  }

  watch(changed: (gone: boolean) => void, signal: AbortSignal): void {
    const look = () => changed(false);
    if (typeof document !== 'undefined') document.addEventListener('visibilitychange', look, { signal });
    // A page that is kept to be come back to holds nothing meanwhile.
    addEventListener('pagehide', () => changed(true), { signal });
    addEventListener('pageshow', look, { signal });
  }

  /** Rejects, too, where there are no locks (plain HTTP, old web views) or none may be taken (a frame in a sandbox). */
  async withLock(name: string, signal: AbortSignal, work: () => Promise<void>): Promise<void> {
    await navigator.locks.request(name, { signal }, work);
  }
}
