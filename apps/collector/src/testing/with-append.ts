import type { EventLog, Position } from '#libs/event-log';

/** A log whose appends go through `around`; everything else is the log's own. */
export function withAppend(
  log: EventLog,
  around: (append: () => Promise<Position[]>) => Promise<Position[]>,
): EventLog {
  return new Proxy(log, {
    get: (target, name) => {
      if (name === 'append') return (...args: Parameters<EventLog['append']>) => around(() => target.append(...args));
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}
