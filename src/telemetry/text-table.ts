/** Columns of text, right-aligned under their headings but for the first `left` of them. */
export function table(headings: readonly string[], rows: readonly (readonly string[])[], left = 0): string[] {
  const widths = headings.map((heading, column) =>
    Math.max(heading.length, ...rows.map((row) => (row[column] ?? '').length)),
  )
  const line = (cells: readonly string[]): string =>
    `  ${widths
      .map((width, column) => {
        const cell = cells[column] ?? ''
        return column < left ? cell.padEnd(width) : cell.padStart(width)
      })
      .join('  ')}`.trimEnd()
  return [line(headings), ...rows.map(line)]
}

/** A whole number with a comma at each thousand. */
export function thousands(value: number): string {
  return Math.round(value).toLocaleString('en-US')
}

/** A duration with three figures and the unit that suits it. */
export function duration(ns: number): string {
  if (ns < 999.5) return `${ns.toFixed(0)} ns`
  if (ns < 999.5e3) return `${(ns / 1e3).toPrecision(3)} us`
  if (ns < 999.5e6) return `${(ns / 1e6).toPrecision(3)} ms`
  return `${(ns / 1e9).toPrecision(3)} s`
}
