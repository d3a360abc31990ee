import { RE2JS } from 're2js';
import type { Annotation } from '../values/annotations.js';
import type { Expectations, MessagePattern } from './script.js';

function isMatched(message: string, pattern: MessagePattern): boolean {
  if (pattern.kind === 'any') return true;
  return pattern.kind === 'message' ? pattern.text === message : RE2JS.compile(pattern.text).test(message);
}

function patternText(pattern: MessagePattern): string {
  if (pattern.kind === 'any') return 'one';
  return pattern.kind === 'message' ? JSON.stringify(pattern.text) : `one like ${pattern.text}`;
}

/** A place in a query as Prometheus tells it: the line, and the column in bytes of UTF-8, both from 1. */
export function placeIn(query: string, offset: number): string {
  const before = query.slice(0, offset);
  const line = before.split('\n').length;
  const start = before.lastIndexOf('\n') + 1;
  return `${line}:${new TextEncoder().encode(before.slice(start)).length + 1}`;
}

/** An annotation as Prometheus' HTTP API gives it: with its place. */
export function annotationText({ message, span }: Annotation, query: string): string {
  return span === undefined ? message : `${message} (${placeIn(query, span.from)})`;
}

function levelDifference(
  level: string,
  patterns: readonly MessagePattern[],
  some: boolean,
  none: boolean,
  messages: readonly string[],
): string | undefined {
  const found =
    messages.length === 0 ? 'there is none' : `there is ${messages.map((each) => JSON.stringify(each)).join(', ')}`;
  if ((some || patterns.length > 0) && messages.length === 0) return `expected some ${level}, but ${found}`;
  if (none && messages.length > 0) return `expected no ${level}, but ${found}`;
  const lacking = patterns.find((pattern) => !messages.some((message) => isMatched(message, pattern)));
  if (lacking !== undefined) return `expected the ${level} ${patternText(lacking)}, but ${found}`;
  if (patterns.length === 0) return undefined;
  const extra = messages.find((message) => !patterns.some((pattern) => isMatched(message, pattern)));
  return extra === undefined ? undefined : `the ${level} ${JSON.stringify(extra)} was not expected`;
}

/** How annotations differ from what is expected of them, in words; undefined when they do not. */
export function annotationsDifference(
  expected: Expectations,
  annotations: readonly Annotation[],
  query: string,
): string | undefined {
  const of = (level: Annotation['level']): string[] =>
    annotations.filter((annotation) => annotation.level === level).map((each) => annotationText(each, query));
  const { warnings, someWarning, noWarnings, infos, someInfo, noInfos } = expected;
  return (
    levelDifference('warning', warnings, someWarning, noWarnings, of('warning')) ??
    levelDifference('info', infos, someInfo, noInfos, of('info'))
  );
}

/** How a failure differs from the one that is expected, in words; undefined when it does not. */
export function failureDifference(pattern: MessagePattern, message: string): string | undefined {
  if (isMatched(message, pattern)) return undefined;
  return `expected the error ${patternText(pattern)}, but it is ${JSON.stringify(message)}`;
}
