const LONGEST = 80;

/** A text that goes into a message, cut off where it would fill the screen. */
export const shorten = (text: string): string => (text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text);
