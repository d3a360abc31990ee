/** Why something is a dead letter, in one word: what the `cause` of `dead_letters` can be. */
export const DEAD_LETTER_CAUSES = ['rejected', 'too_late', 'poison', 'conflict'] as const;
export type DeadLetterCause = (typeof DEAD_LETTER_CAUSES)[number];
