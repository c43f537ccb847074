/** Comments per second of one round: as many as fit into a quarter of a second. */
export function rateOf(match: (text: string) => unknown, texts: readonly string[], forMs = 250): number {
  const begun = performance.now();
  let done = 0;
  let elapsed = 0;
  for (; elapsed < forMs; elapsed = performance.now() - begun) {
    // The clock is asked rarely, but for a matcher that takes long.
    const batch = elapsed < 1 ? 1 : 50;
    for (let index = 0; index < batch; index += 1) match(texts[(done + index) % texts.length] as string);
    done += batch;
    if (batch === 50 && elapsed > 20 && done < 60) break;
  }
  return (done / (performance.now() - begun)) * 1_000;
}
