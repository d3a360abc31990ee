/** Whether a label can have that name: any text that is not empty, and is Unicode. */
export function isLabelName(name: string): boolean {
  return name !== '' && name.isWellFormed();
}
