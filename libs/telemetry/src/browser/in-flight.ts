/**
 * Bytes in flight in keepalive requests and beacons of this page. A browser allows 65,536 over all of them and fails what
 * is more; 60,000 leaves room for headers and for the host's own beacons.
 */
export class InFlightBytes {
  static readonly MAX = 60_000;
  #bytes = 0;

  get bytes(): number {
    return this.#bytes;
  }

  /** Takes room for a request; false when there is not enough. */
  take(bytes: number): boolean {
    if (this.#bytes + bytes > InFlightBytes.MAX) return false;
    this.#bytes += bytes;
    return true;
  }

  give(bytes: number): void {
    this.#bytes = Math.max(0, this.#bytes - bytes);
  }
}
