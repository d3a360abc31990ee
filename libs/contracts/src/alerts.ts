import Type, { type Static } from 'typebox';

const Labels = (description: string) => Type.Record(Type.String(), Type.String(), { description });

/** One active alert, in the shape of Prometheus' HTTP API. */
export const ActiveAlert = Type.Object({
  labels: Labels('What tells it from others; `alertname` is one of them.'),
  annotations: Labels('What a person needs: summary, description, and the page that says what to do.'),
  state: Type.Enum(['pending', 'firing'], { description: 'Pending: observed, but not for long enough yet.' }),
  activeAt: Type.String({ format: 'date-time', description: 'First observed at.' }),
  keepFiringSince: Type.Optional(
    Type.String({ format: 'date-time', description: 'No longer observed since; it fires on for a while.' }),
  ),
  value: Type.String({ description: 'The latest value, as Go writes a float: 3e+00.' }),
});
export type ActiveAlert = Static<typeof ActiveAlert>;

/** Answer of `GET /api/v1/alerts`, as Prometheus gives it. Alerts that are resolved are not in it. */
export const AlertsAnswer = Type.Object({
  status: Type.Literal('success'),
  data: Type.Object({ alerts: Type.Array(ActiveAlert) }),
});
export type AlertsAnswer = Static<typeof AlertsAnswer>;
