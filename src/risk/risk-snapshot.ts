import zlib from 'node:zlib'
import { fingerprint } from '../book/recovery/snapshot-layout.ts'
import { StateHasher } from '../book/recovery/state-hash.ts'
import type { Instruments } from '../book/index.ts'
import { parseDecimal, unitsToDecimal, type Decimal } from '../book/decimal.ts'
import type { BreakerSettings } from './breakers.ts'
import type { ChangeTarget } from './risk-change.ts'
import { ROW_CLIENT, ROW_INSTRUMENT } from './pair-index.ts'
import { INSTRUMENT_CELLS, INSTRUMENT_MARK, INSTRUMENT_SCALE } from './risk-state.ts'
import * as rows from './rows.ts'

/**
 * The state of risk as bytes, little-endian:
 *
 *  byte
 *   0  magic        'MRRK'
 *   4  version      of this layout
 *   8  checksum     CRC-32 (ISO 3309) of all bytes from 16 on
 *  12  numbers      how many
 *  16  instruments' fingerprint: 16 hexadecimal digits
 *  32  numbers, 64-bit floats that hold whole numbers; -1 stands for "until it is reset":
 *        time, day, and how many instruments, clients, positions, limits and actions
 *        by instrument: cells 0 to 9 of risk-state.ts
 *        by client: client, tripped, code, until, tokens, since when, messages, trades, rejects, window
 *        by client and instrument: both, the latest order (sequence, head, price, lots, stop, time), lots, open buy and
 *          sell lots, cost, realised and day base (two each)
 *        by scope: client, instrument, limit, units, scale
 *        by reject code: code, action
 *        breakers: most, seconds, cool-down; loss units, scale, cool-down; ticks, seconds, cool-down; -1 where not set
 */
const MAGIC = 0x4b52_524d
const VERSION = 1
const HEADER_BYTES = 32
const CHECKSUM_FROM = 16
const FINGERPRINT_BYTES = 16

const CLIENT_CELLS = [
  rows.CLIENT_TOKENS,
  rows.CLIENT_TOKENS_AT,
  rows.CLIENT_MESSAGES,
  rows.CLIENT_TRADES,
  rows.CLIENT_REJECTS,
  rows.CLIENT_REJECT_WINDOW,
] as const
const CLIENT_NUMBERS = 4 + CLIENT_CELLS.length
const LAST_WORDS = [
  rows.POSITION_LAST_SEQUENCE,
  rows.POSITION_LAST_HEAD,
  rows.POSITION_LAST_PRICE,
  rows.POSITION_LAST_LOTS,
  rows.POSITION_LAST_STOP,
] as const
const POSITION_CELLS = [
  rows.POSITION_LAST_TIME,
  rows.POSITION_LOTS,
  rows.POSITION_OPEN_BUY,
  rows.POSITION_OPEN_SELL,
  rows.POSITION_COST,
  rows.POSITION_COST + 1,
  rows.POSITION_REALISED,
  rows.POSITION_REALISED + 1,
  rows.POSITION_DAY_BASE,
  rows.POSITION_DAY_BASE + 1,
] as const
const POSITION_NUMBERS = 2 + LAST_WORDS.length + POSITION_CELLS.length
const LIMIT_NUMBERS = 5
const HEAD_NUMBERS = 7
const BREAKER_NUMBERS = 9

/** The whole state between two batches. Rows that say nothing, the order they came in, and capacities do not enter. */
export function takeRiskSnapshot(target: ChangeTarget): Uint8Array {
  const numbers = numbersOf(target)
  const bytes = new Uint8Array(HEADER_BYTES + numbers.length * 8)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, MAGIC, true)
  view.setUint32(4, VERSION, true)
  view.setUint32(12, numbers.length, true)
  bytes.set(fingerprint(target.book.instruments, target.book.known), CHECKSUM_FROM)
  for (const [i, number] of numbers.entries()) view.setFloat64(HEADER_BYTES + i * 8, number, true)
  view.setUint32(8, zlib.crc32(bytes.subarray(CHECKSUM_FROM)), true)
  return bytes
}

/** A hash of what risk would decide from here on: equal for equal states, however they came about and lie in memory. */
export function hashRisk(target: ChangeTarget): string {
  const hasher = new StateHasher()
  for (const number of numbersOf(target)) hasher.add(number)
  return hasher.digest()
}

function numbersOf({ book, checks, breakers }: ChangeTarget): number[] {
  book.followInstruments()
  const { words, totals, instrumentCells } = book
  const clients: number[] = []
  for (const row of book.clients.sorted()) {
    book.touchClient(row)
    const cells = row >> 1
    const until = totals[cells + rows.CLIENT_TRIPPED_UNTIL]!
    const numbers = CLIENT_CELLS.map((cell) => totals[cells + cell]!)
    const tripped = words[row + rows.CLIENT_TRIPPED]!
    if (tripped === 0 && numbers.join() === FRESH_CLIENT) continue
    const client = words[row + ROW_CLIENT]! >>> 0
    clients.push(client, tripped, words[row + rows.CLIENT_TRIP_CODE]!, finite(until), ...numbers)
  }
  const positions: number[] = []
  for (const row of book.positionRows()) {
    book.touchPosition(row)
    const cells = POSITION_CELLS.map((cell) => totals[(row >> 1) + cell]!)
    if (words[row + rows.POSITION_LAST_LOTS] === 0 && cells.every((cell) => cell === 0)) continue
    positions.push(words[row + ROW_CLIENT]! >>> 0, words[row + ROW_INSTRUMENT]!)
    positions.push(...LAST_WORDS.map((word) => words[row + word]!), ...cells)
  }
  const limits = book.limits
    .all()
    .flatMap(({ scope: { client, instrument }, values }) =>
      [...values]
        .sort(([a], [b]) => a - b)
        .flatMap(([field, { units, scale }]) => [client, instrument, field, units, scale]),
    )
  const actions = [...checks.actions.entries()].filter(([, action]) => action !== 0).flat()
  const instruments = Array.from({ length: book.known }, (_, each) =>
    Array.from(
      instrumentCells.subarray(each * INSTRUMENT_CELLS, each * INSTRUMENT_CELLS + INSTRUMENT_SCALE),
      finite,
    ),
  ).flat()
  return [
    book.now,
    book.day,
    book.known,
    clients.length / CLIENT_NUMBERS,
    positions.length / POSITION_NUMBERS,
    limits.length / LIMIT_NUMBERS,
    actions.length / 2,
    ...instruments,
    ...clients,
    ...positions,
    ...limits,
    ...actions,
    ...breakerNumbers(breakers.settings),
  ]
}

/** What CLIENT_CELLS hold of a client that has sent nothing. */
const FRESH_CLIENT = [0, -1, 0, 0, 0, -1].join()

function finite(value: number): number {
  return value === Infinity ? -1 : value
}

function breakerNumbers({ rejects, loss, priceMove }: BreakerSettings): number[] {
  const amount = loss === undefined ? undefined : (parseDecimal(loss.amount) as Decimal)
  return [
    rejects?.most,
    rejects?.seconds,
    rejects?.coolDownSeconds,
    amount?.units,
    amount?.scale,
    loss?.coolDownSeconds,
    priceMove?.ticks,
    priceMove?.seconds,
    priceMove?.coolDownSeconds,
  ].map((number) => number ?? -1)
}

/**
 * Fills a target that nothing has gone through with what `takeRiskSnapshot` gave; limits, actions and breakers, too.
 * @throws RangeError that says why the bytes are no such snapshot; the target is of no use then
 */
export function restoreRiskSnapshot(target: ChangeTarget, bytes: Uint8Array): void {
  const { book } = target
  const numbers = new Numbers(checkedNumbers(bytes, book.instruments))
  const [now, day, known, clients, positions, limits, actions] = numbers.take(HEAD_NUMBERS)
  const rest = known! * INSTRUMENT_SCALE + clients! * CLIENT_NUMBERS + positions! * POSITION_NUMBERS
  if (numbers.left !== rest + limits! * LIMIT_NUMBERS + actions! * 2 + BREAKER_NUMBERS)
    throw new RangeError('risk snapshot: it is of another length than it says')
  book.now = now!
  book.day = day!
  book.limits.clear()
  for (let each = 0; each < known!; each++)
    book.instrumentCells.set(numbers.take(INSTRUMENT_SCALE).map(infinite), each * INSTRUMENT_CELLS)
  for (let each = 0; each < clients!; each++) restoreClient(target, numbers.take(CLIENT_NUMBERS))
  for (let each = 0; each < positions!; each++) restorePosition(target, numbers.take(POSITION_NUMBERS))
  for (let each = 0; each < limits!; each++) {
    const [client, instrument, field, units, scale] = numbers.take(LIMIT_NUMBERS)
    book.limits.set({ client: client!, instrument: instrument! }, field!, { units: units!, scale: scale! })
  }
  target.checks.actions.fill(0)
  for (let each = 0; each < actions!; each++) {
    const [code, action] = numbers.take(2)
    target.checks.actions[code!] = action!
  }
  for (let each = 0; each < known!; each++)
    book.setMark(each, book.instrumentCells[each * INSTRUMENT_CELLS + INSTRUMENT_MARK]!)
  book.writeLimits()
  target.breakers.set(breakerSettings(numbers.take(BREAKER_NUMBERS)))
}

function restoreClient({ book }: ChangeTarget, numbers: readonly number[]): void {
  const [client, tripped, code, until, ...cells] = numbers
  const row = book.client(client! | 0)
  book.words[row + rows.CLIENT_TRIPPED] = tripped!
  book.words[row + rows.CLIENT_TRIP_CODE] = code!
  book.words[row + rows.CLIENT_DAY] = book.day
  book.totals[(row >> 1) + rows.CLIENT_TRIPPED_UNTIL] = infinite(until!, 0)
  for (const [i, cell] of CLIENT_CELLS.entries()) book.totals[(row >> 1) + cell] = cells[i]!
}

function restorePosition({ book }: ChangeTarget, numbers: readonly number[]): void {
  const [client, instrument, ...rest] = numbers
  if (instrument! >= book.known) throw new RangeError(`risk snapshot: no instrument ${instrument}`)
  const row = book.position(client! | 0, instrument!)
  book.words[row + rows.POSITION_DAY] = book.day
  for (const [i, word] of LAST_WORDS.entries()) book.words[row + word] = rest[i]!
  for (const [i, cell] of POSITION_CELLS.entries())
    book.totals[(row >> 1) + cell] = rest[LAST_WORDS.length + i]!
  book.setOffset(row)
}

/** Cells 6 and 8 of an instrument, and a client's end of a trip, may be without end. */
function infinite(value: number, cell: number): number {
  return value === -1 && cell !== WINDOW_CELL ? Infinity : value
}

/** The number of a breaker's window is -1 before the first. */
const WINDOW_CELL = 6

function breakerSettings(numbers: readonly number[]): BreakerSettings {
  const [most, seconds, coolDown, units, scale, lossCoolDown, ticks, moveSeconds, moveCoolDown] = numbers
  const cool = (value: number): { coolDownSeconds?: number } =>
    value === -1 ? {} : { coolDownSeconds: value }
  return {
    ...(most === -1 ? {} : { rejects: { most: most!, seconds: seconds!, ...cool(coolDown!) } }),
    ...(units === -1 ? {} : { loss: { amount: unitsToDecimal(units!, scale!), ...cool(lossCoolDown!) } }),
    ...(ticks === -1 ? {} : { priceMove: { ticks: ticks!, seconds: moveSeconds!, ...cool(moveCoolDown!) } }),
  }
}

/** Reads numbers one behind the other. */
class Numbers {
  private readonly all: Float64Array
  private at = 0

  constructor(all: Float64Array) {
    this.all = all
  }

  get left(): number {
    return this.all.length - this.at
  }

  take(count: number): number[] {
    const taken = Array.from(this.all.subarray(this.at, this.at + count))
    this.at += count
    return taken
  }
}

function checkedNumbers(bytes: Uint8Array, instruments: Instruments): Float64Array {
  const refuse = (why: string): never => {
    throw new RangeError(`risk snapshot: ${why}`)
  }
  if (bytes.length < HEADER_BYTES) return refuse('it is too short')
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  if (view.getUint32(0, true) !== MAGIC) return refuse('it does not begin as one')
  if (view.getUint32(4, true) !== VERSION)
    return refuse(`its version is ${view.getUint32(4, true)}, not ${VERSION}`)
  const count = view.getUint32(12, true)
  if (bytes.length !== HEADER_BYTES + count * 8 || count < HEAD_NUMBERS)
    return refuse('it is of another length than it says')
  if (view.getUint32(8, true) !== zlib.crc32(bytes.subarray(CHECKSUM_FROM)))
    return refuse('its checksum is wrong')
  const numbers = Float64Array.from({ length: count }, (_, i) => view.getFloat64(HEADER_BYTES + i * 8, true))
  const known = numbers[2]!
  if (known > instruments.count)
    return refuse(`it has ${known} instruments, and there are ${instruments.count}`)
  const own = fingerprint(instruments, known)
  if (own.some((byte, i) => byte !== bytes[CHECKSUM_FROM + i] && i < FINGERPRINT_BYTES))
    return refuse('it is of other instruments')
  return numbers
}
