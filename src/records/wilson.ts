/** The z of a two-sided interval that holds the true share 19 times out of 20. */
const z = 1.959964;

export interface Interval {
  low: number;
  high: number;
}

/**
 * Between which shares the true one lies, at 95 %: Wilson's score interval, which holds for few and for extreme counts too
 * (E. B. Wilson, "Probable Inference, the Law of Succession, and Statistical Inference", 1927).
 * @param of how many were counted; with none of them anything is possible
 */
export function wilson(hits: number, of: number): Interval {
  if (of === 0) return { low: 0, high: 1 };
  const share = hits / of;
  const spread = z * Math.sqrt((share * (1 - share)) / of + z ** 2 / (4 * of ** 2));
  const middle = share + z ** 2 / (2 * of);
  const scale = 1 + z ** 2 / of;
  return { low: Math.max(0, (middle - spread) / scale), high: Math.min(1, (middle + spread) / scale) };
}
