export interface DiffLine {
  /** Blank: as expected. `-`: expected, and did not come. `+`: came, and was not expected. */
  readonly mark: ' ' | '-' | '+'
  readonly text: string
}

/** The shortest way from what was expected to what came, line by line. */
export function diff<E, G>(
  expected: readonly E[],
  got: readonly G[],
  isEqual: (expected: E, got: G) => boolean,
  sayExpected: (expected: E) => string,
  sayGot: (got: G) => string,
): DiffLine[] {
  const width = got.length + 1
  // common[i * width + j]: most lines that expected from i and got from j have in common.
  const common = new Uint32Array((expected.length + 1) * width)
  for (let i = expected.length - 1; i >= 0; i--)
    for (let j = got.length - 1; j >= 0; j--) {
      const at = i * width + j
      common[at] = isEqual(expected[i]!, got[j]!)
        ? common[at + width + 1]! + 1
        : Math.max(common[at + width]!, common[at + 1]!)
    }
  const lines: DiffLine[] = []
  let i = 0
  let j = 0
  while (i < expected.length || j < got.length) {
    const at = i * width + j
    if (i < expected.length && j < got.length && isEqual(expected[i]!, got[j]!)) {
      lines.push({ mark: ' ', text: sayGot(got[j++]!) })
      i++
    } else if (i < expected.length && (j === got.length || common[at + width]! >= common[at + 1]!))
      lines.push({ mark: '-', text: sayExpected(expected[i++]!) })
    else lines.push({ mark: '+', text: sayGot(got[j++]!) })
  }
  return lines
}
