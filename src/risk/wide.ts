/**
 * Whole numbers beyond 2^53, for sums of money: two 64-bit floats side by side that only ever hold whole numbers,
 * `high * 2^42 + low` with 0 <= low < 2^42. Range: -2^95 to 2^95. A product of a quantity (below 2^53) and a price (below
 * 2^32) is added without rounding and without an object; where 53 bits do, which is nearly always, that is a
 * multiplication, a floor and an addition.
 */
const BASE = 4_398_046_511_104
const PER_BASE = 1 / BASE
const HALF = 2_097_152
const MAX_SAFE = Number.MAX_SAFE_INTEGER
const BASE_BITS = 42n

/** Adds a whole number from -2^53 to 2^53. */
export function addWide(cells: Float64Array, at: number, value: number): void {
  const carry = Math.floor(value * PER_BASE)
  let low = cells[at + 1]! + (value - carry * BASE)
  let high = cells[at]! + carry
  if (low >= BASE) {
    low -= BASE
    high++
  }
  cells[at] = high
  cells[at + 1] = low
}

/** Adds `lots * ticks`: lots from -2^53 to 2^53, ticks from 0 to 2^32. */
export function addProduct(cells: Float64Array, at: number, lots: number, ticks: number): void {
  const product = lots * ticks
  if (product <= MAX_SAFE && product >= -MAX_SAFE) addWide(cells, at, product)
  else addLongProduct(cells, at, lots, ticks)
}

/** The same, 21 bits of the quantity at a time, so that no part of the product passes 2^53. */
function addLongProduct(cells: Float64Array, at: number, lots: number, ticks: number): void {
  const sign = lots < 0 ? -1 : 1
  const size = lots * sign
  const upper = Math.floor(size / BASE)
  const middle = Math.floor(size / HALF) % HALF
  const lower = size % HALF
  const shifted = middle * ticks
  const carry = Math.floor(shifted / HALF)
  cells[at]! += sign * (upper * ticks + carry)
  addWide(cells, at, sign * (shifted - carry * HALF) * HALF)
  addWide(cells, at, sign * lower * ticks)
}

/** Adds `lots * ticks * scale`, scale from 1 to 2^31. */
export function addScaledProduct(
  cells: Float64Array,
  at: number,
  lots: number,
  ticks: number,
  scale: number,
): void {
  if (scale === 1) addProduct(cells, at, lots, ticks)
  else if (ticks * scale <= 4_294_967_296) addProduct(cells, at, lots, ticks * scale)
  else if (lots * scale <= MAX_SAFE && lots * scale >= -MAX_SAFE) addProduct(cells, at, lots * scale, ticks)
  // Steps of money that are far apart and an amount beyond 2^53 of them: exact, and slow.
  else writeWide(cells, at, readWide(cells, at) + BigInt(lots) * BigInt(ticks) * BigInt(scale))
}

/** Adds `sign` (1 or -1) times another wide number times `scale`, from 1 to 2^31. */
export function addScaled(
  cells: Float64Array,
  at: number,
  others: Float64Array,
  other: number,
  sign: number,
  scale: number,
): void {
  const low = others[other + 1]! * scale
  const high = others[other]! * scale
  if (low <= MAX_SAFE && high <= MAX_SAFE && high >= -MAX_SAFE) {
    cells[at]! += sign * high
    addWide(cells, at, sign * low)
  } else writeWide(cells, at, readWide(cells, at) + BigInt(sign) * BigInt(scale) * readWide(others, other))
}

export function copyWide(cells: Float64Array, at: number, others: Float64Array, other: number): void {
  cells[at] = others[other]!
  cells[at + 1] = others[other + 1]!
}

export function clearWide(cells: Float64Array, at: number): void {
  cells[at] = 0
  cells[at + 1] = 0
}

/** Whether it is above a limit: a whole number that a float holds exactly, or Infinity. */
export function isWideAbove(cells: Float64Array, at: number, limit: number): boolean {
  if (limit === Infinity) return false
  const high = Math.floor(limit / BASE)
  return cells[at]! > high || (cells[at] === high && cells[at + 1]! > limit - high * BASE)
}

/** Whether it is below minus a limit that is not negative: a loss beyond what may be lost. */
export function isWideBelowMinus(cells: Float64Array, at: number, limit: number): boolean {
  if (limit === Infinity) return false
  const high = Math.floor(-limit / BASE)
  return cells[at]! < high || (cells[at] === high && cells[at + 1]! < -limit - high * BASE)
}

/** As a float: exact up to 2^53, the nearest beyond. For hot paths that have bounded it, and for display. */
export function wideToNumber(cells: Float64Array, at: number): number {
  return cells[at]! * BASE + cells[at + 1]!
}

/** As a whole number of any size: for edges, not for hot paths. */
export function readWide(cells: Float64Array, at: number): bigint {
  return (BigInt(cells[at]!) << BASE_BITS) + BigInt(cells[at + 1]!)
}

/** Sets it from a whole number of any size. */
export function writeWide(cells: Float64Array, at: number, value: bigint): void {
  const high = value >> BASE_BITS
  cells[at] = Number(high)
  cells[at + 1] = Number(value - (high << BASE_BITS))
}

/**
 * The part of a sum of money (not negative) that goes with `part` of `whole` lots, rounded down: floor(sum * part / whole),
 * 0 < part < whole. Written to `out` at `to` as a wide number.
 */
export function sharePart(
  sums: Float64Array,
  at: number,
  part: number,
  whole: number,
  out: Float64Array,
  to: number,
): void {
  const sum = wideToNumber(sums, at)
  if (sum <= MAX_SAFE) {
    const each = quotient(sum, whole)
    const rest = (sum - each * whole) * part
    if (rest <= MAX_SAFE && each * part <= MAX_SAFE) {
      clearWide(out, to)
      addWide(out, to, each * part)
      addWide(out, to, quotient(rest, whole))
      return
    }
  }
  // A position worth more than 2^53 units, or of more than 2^26 lots with as many to go: exact, and slow.
  writeWide(out, to, (readWide(sums, at) * BigInt(part)) / BigInt(whole))
}

/** floor(a / b) of whole numbers up to 2^53, where the division itself may round up to the next whole number. */
export function quotient(a: number, b: number): number {
  const near = Math.floor(a / b)
  const rest = a - near * b
  if (rest < 0) return near - 1
  return rest >= b ? near + 1 : near
}
