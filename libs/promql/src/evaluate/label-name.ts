/**
 * Whether a label can have that name: any text that is not empty. Bytes that are no UTF-8 are read as U+FFFD, so a name with
 * that is taken for one with such bytes.
 */
export function isLabelName(name: string): boolean {
  return name !== '' && name.isWellFormed() && !name.includes('\uFFFD');
}
