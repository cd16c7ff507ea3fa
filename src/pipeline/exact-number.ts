/** More digits than any number can hold, or needs to be told from its neighbours. */
const MAX_SOURCE = 400
const DECIMAL = /^[-+]?(\d*)\.?(\d*)(?:e([-+]?\d+))?$/i

/** Whether a number written as `source` is still that number now that it is a double. */
export function isExactNumber(source: string, value: number): boolean {
  if (!Number.isFinite(value) || source.length > MAX_SOURCE) return false
  if (/^[-+]?0[xo]/i.test(source)) return Number.isSafeInteger(value)
  const written = digits(source)
  return written !== undefined && written === digits(String(value))
}

/** The digits that count and the power of ten of the last, the same for every way to write a decimal. */
function digits(text: string): string | undefined {
  const match = DECIMAL.exec(text)
  if (match === null) return undefined
  const [, whole = '', fraction = '', exponent = '0'] = match
  const all = whole + fraction
  const significant = all.replace(/0+$/, '')
  const power = Number(exponent) - fraction.length + all.length - significant.length
  const shown = significant.replace(/^0+/, '')
  return shown === '' ? '0' : `${shown}e${power}`
}
