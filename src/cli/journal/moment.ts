const TIME = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d)?(?:\.(\d{1,9}))?Z)?$/

/** A UTC time as text in nanoseconds since 1970; undefined where it is none. A day alone is its beginning. */
export function utcNanoseconds(text: string): bigint | undefined {
  const match = TIME.exec(text)
  if (match === null) return undefined
  const milliseconds = Date.parse(text.replace(/\.\d+Z$/, 'Z').replace(/T(\d\d:\d\d)Z$/, 'T$1:00Z'))
  if (Number.isNaN(milliseconds)) return undefined
  return BigInt(milliseconds) * 1_000_000n + BigInt((match[1] ?? '').padEnd(9, '0'))
}
