/** The machine's own chance, even over [0, 1): for jitter and sampling, not for secrets. Pure code is handed one. */
export function systemRandom(): number {
  return Math.random();
}
