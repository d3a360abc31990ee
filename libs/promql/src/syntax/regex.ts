import { RE2JS } from 're2js';
import { shorten } from './shorten.js';

/**
 * A regular expression of a matcher as RE2 reads it, `.` being any character at all; an Error that says what is wrong where it
 * is none. It is anchored by whoever asks: `matches` takes the whole text.
 */
export function compileRegex(pattern: string): RE2JS | Error {
  try {
    return RE2JS.compile(pattern, RE2JS.DOTALL);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const plain = message.replace('error parsing regexp: ', '').replace('`(?s)', '`');
    return new Error(`error parsing regexp: ${shorten(plain)}`);
  }
}
