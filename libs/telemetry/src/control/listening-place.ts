/** Says when a client may hold a stream of the control channel: not every process may do so all the time. */
export abstract class ListeningPlace {
  /**
   * Has `listen` run whenever there is a place for it, one run after the other, until the signal aborts. A run is to end
   * as soon as the signal that it was given aborts; its place is free once what it returned has settled. Neither this
   * nor `listen` throws, or rejects.
   */
  abstract hold(listen: (signal: AbortSignal) => Promise<void>, signal: AbortSignal): void;
}
