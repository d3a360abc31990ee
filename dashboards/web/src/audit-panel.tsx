import type { PipelineStatus } from '#libs/contracts';
import { Show } from 'solid-js';
import { alperfAt } from './commands.js';
import { formatAge, formatCount, UNKNOWN } from './format.js';
import { AUDIT_WORDS, auditFigures, auditVerdict, completeTo } from './status-words.js';

/** The promise anyone can see: nothing lost, nothing counted twice; and how complete answers are. */
export function AuditPanel(props: { status: PipelineStatus | undefined }) {
  const audit = () => props.status?.audit;
  const verdict = () => auditVerdict(props.status);
  const figures = () => auditFigures(props.status);
  const since = (time: number | null | undefined) =>
    time == null || props.status === undefined ? null : props.status.at - time;
  return (
    <section class="panel audit" aria-labelledby="audit-title" data-verdict={verdict()}>
      <div class="panel-head">
        <h2 id="audit-title">Audit</h2>
        <span class="badge">{AUDIT_WORDS[verdict()]}</span>
      </div>
      <div class="pair">
        <div>
          <span class="big">{formatCount(figures().lost)}</span>
          <span class="unit">lost</span>
        </div>
        <div>
          <span class="big">{formatCount(figures().duplicated)}</span>
          <span class="unit">counted twice</span>
        </div>
      </div>
      <dl>
        <div>
          <dt>Last check</dt>
          <dd>{ago(since(audit()?.checkedAt))}</dd>
        </div>
        <div>
          <dt>Checked through</dt>
          <dd>{ago(since(audit()?.minutesThrough))}</dd>
        </div>
        <div>
          <dt>Whole hours through</dt>
          <dd>{ago(since(audit()?.hoursThrough))}</dd>
        </div>
        <div>
          <dt>Answers</dt>
          <dd>{props.status === undefined ? UNKNOWN : completeTo(props.status)}</dd>
        </div>
        <div>
          <dt>Dead letters</dt>
          <dd classList={{ warn: (props.status?.deadLetters ?? 0) > 0 }}>{formatCount(props.status?.deadLetters)}</dd>
        </div>
      </dl>
      <Show when={(props.status?.deadLetters ?? 0) > 0}>
        <p class="hint">
          See why: <code>{alperfAt(location.origin, 'dead-letters list')}</code>
        </p>
      </Show>
    </section>
  );
}

function ago(ms: number | null): string {
  return ms === null ? formatAge(null) : `${formatAge(ms)} ago`;
}
