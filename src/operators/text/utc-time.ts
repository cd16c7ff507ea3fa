const WHOLE = /^\d+$/
const ISO = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?Z$/
/** Digits of nanoseconds that a record holds, and of a whole number that is exact. */
const MAX_DIGITS = 19
const EXACT_DIGITS = 15

/**
 * Nanoseconds since 1970 of ISO-8601 UTC time such as `2026-11-25T17:30:00Z`, with up to nine decimals of a second;
 * undefined if the text is no such time, or one before 1970.
 */
export function isoNanoseconds(text: string): bigint | undefined {
  const match = ISO.exec(text)
  if (match === null) return undefined
  const ms = Date.parse(`${match[1]!}Z`)
  // A day that its month does not have would come back as one of the next.
  if (!(ms >= 0) || new Date(ms).toISOString().slice(0, 19) !== match[1]) return undefined
  return BigInt(ms) * 1_000_000n + BigInt((match[2] ?? '').padEnd(9, '0'))
}

/** Whole nanoseconds since 1970, written as digits: a number where that is exact. Undefined if the text is none. */
export function wholeNanoseconds(text: string): number | bigint | undefined {
  if (!WHOLE.test(text) || text.length > MAX_DIGITS) return undefined
  return text.length <= EXACT_DIGITS ? Number(text) : BigInt(text)
}

/** Seconds since 1970, from 1, of ISO-8601 UTC time or of whole seconds as digits; undefined if the text is neither. */
export function expirySeconds(text: string): number | undefined {
  let seconds: number
  if (WHOLE.test(text)) seconds = Number(text)
  else {
    const ns = isoNanoseconds(text)
    if (ns === undefined || ns % 1_000_000_000n !== 0n) return undefined
    seconds = Number(ns / 1_000_000_000n)
  }
  return seconds > 0 && seconds < 2 ** 31 ? seconds : undefined
}

/** Nanoseconds since 1970 as ISO-8601 UTC time, with as many decimals of a second as it takes. */
export function isoTime(ns: bigint): string {
  const ms = Number(ns / 1_000_000n)
  const decimals = String(ns % 1_000_000_000n)
    .padStart(9, '0')
    .replace(/0+$/, '')
  return `${new Date(ms).toISOString().slice(0, 19)}${decimals === '' ? '' : `.${decimals}`}Z`
}
