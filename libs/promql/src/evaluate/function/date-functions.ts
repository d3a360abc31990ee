const DAY_MS = 86_400_000;

/** Of a date in UTC; each gives NaN for a date that is none. */
type DateFunction = (date: Date) => number;

function dayOfYear(date: Date): number {
  const newYear = new Date(date);
  newYear.setUTCMonth(0, 1);
  return Math.floor(date.getTime() / DAY_MS) - Math.floor(newYear.getTime() / DAY_MS) + 1;
}

function daysInMonth(date: Date): number {
  const last = new Date(date);
  last.setUTCMonth(date.getUTCMonth() + 1, 0);
  return last.getUTCDate();
}

const OF_DATE: ReadonlyMap<string, DateFunction> = new Map<string, DateFunction>([
  ['minute', (date) => date.getUTCMinutes()],
  ['hour', (date) => date.getUTCHours()],
  ['day_of_week', (date) => date.getUTCDay()],
  ['day_of_month', (date) => date.getUTCDate()],
  ['day_of_year', dayOfYear],
  ['days_in_month', daysInMonth],
  ['month', (date) => date.getUTCMonth() + 1],
  ['year', (date) => date.getUTCFullYear()],
]);

/** The functions of a time in seconds since 1970; of one that no date can be, NaN. */
export const DATE_FUNCTIONS: ReadonlyMap<string, (seconds: number) => number> = new Map(
  [...OF_DATE].map(([name, ofDate]) => [name, (seconds: number) => ofDate(new Date(Math.trunc(seconds) * 1000))]),
);
