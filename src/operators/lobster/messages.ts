import * as E from 'fp-ts/lib/Either.js'
import { MAX_LOTS, MAX_PRICE_TICKS } from '../../book/index.ts'
import { AGGRESSOR_BASE } from './ids.ts'
import { readLines } from './lines.ts'

/** What a message tells. Numbers as in the file; 5, 6 and 7 leave the visible book alone. */
export const MessageType = {
  submission: 1,
  partialCancel: 2,
  deletion: 3,
  execution: 4,
  hiddenExecution: 5,
  cross: 6,
  halt: 7,
} as const

/** One row of a LOBSTER message file. */
export interface LobsterMessage {
  /** Seconds after midnight, as written. */
  readonly time: string
  /** The same in nanoseconds, exactly; what is finer is dropped. */
  readonly timestampNs: number
  /** A MessageType. */
  readonly type: number
  readonly orderId: number
  readonly size: number
  /** Dollars x 10,000. */
  readonly price: number
  /** Of the resting order: 1 is a bid, -1 an offer. */
  readonly direction: number
  readonly line: number
}

/** What is wrong with a row, and where in the file: line and column count from 1. */
export interface RowFault {
  readonly line: number
  readonly column: number
  readonly message: string
}

export type LobsterRow = E.Either<RowFault, LobsterMessage>

const COLUMNS = 6
const TIME = /^(\d{1,6})(?:\.(\d{1,24}))?$/
const WHOLE = /^-?\d{1,16}$/
const NS_DIGITS = 9

/**
 * The messages of a file in order, some at a time. Rows that cannot be read stand among them as faults, and a file
 * that breaks off ends with one. Empty lines are no rows.
 * @throws Error that names the file, if it cannot be read at all
 */
export async function* readMessages(path: string): AsyncGenerator<readonly LobsterRow[], void> {
  let line = 0
  for await (const { lines, cut } of readLines(path)) {
    const rows: LobsterRow[] = []
    for (const text of lines) {
      line++
      if (text !== '') rows.push(parseMessage(text, line))
    }
    if (cut !== undefined) rows.push(fault(line + 1, 1, cut))
    yield rows
  }
}

/** One line of a message file. */
export function parseMessage(text: string, line: number): LobsterRow {
  const fields = text.split(',')
  if (fields.length !== COLUMNS) {
    const at = fields.length < COLUMNS ? text.length + 1 : columnOf(fields, COLUMNS)
    return fault(line, at, `expected ${COLUMNS} columns, got ${fields.length}`)
  }
  const time = fields[0]!
  const timestampNs = parseTimeNs(time)
  if (timestampNs === undefined) return bad(fields, line, 0, 'time: expected seconds after midnight')
  const type = whole(fields[1]!, MessageType.submission, MessageType.halt)
  if (type === undefined) return bad(fields, line, 1, 'type: expected 1 to 7')
  // Only what changes the book has to be an order: a halt has order 0 and tells its kind in a price of -1, 0 or 1.
  const isOrder = type <= MessageType.execution
  const orderId = isOrder ? whole(fields[2]!, 1, AGGRESSOR_BASE - 1) : whole(fields[2]!)
  if (orderId === undefined)
    return bad(fields, line, 2, 'order id: expected a whole number above 0 and below 2^40')
  const size = whole(fields[3]!, isOrder ? 1 : -MAX_LOTS, MAX_LOTS)
  if (size === undefined) return bad(fields, line, 3, `size: expected a whole number from 1 to ${MAX_LOTS}`)
  const price = whole(fields[4]!, isOrder ? 1 : -MAX_PRICE_TICKS, MAX_PRICE_TICKS)
  if (price === undefined)
    return bad(fields, line, 4, `price: expected a whole number from 1 to ${MAX_PRICE_TICKS}`)
  const direction = whole(fields[5]!, -1, 1)
  if (direction === undefined || direction === 0) return bad(fields, line, 5, 'direction: expected 1 or -1')
  return E.right({ time, timestampNs, type, orderId, size, price, direction, line })
}

function parseTimeNs(text: string): number | undefined {
  const match = TIME.exec(text)
  if (match === null) return undefined
  const [, seconds, fraction = ''] = match
  return Number(seconds) * 10 ** NS_DIGITS + Number(fraction.slice(0, NS_DIGITS).padEnd(NS_DIGITS, '0'))
}

function whole(
  text: string,
  from = -Number.MAX_SAFE_INTEGER,
  to = Number.MAX_SAFE_INTEGER,
): number | undefined {
  if (!WHOLE.test(text)) return undefined
  const value = Number(text)
  return value >= from && value <= to ? value : undefined
}

function bad(fields: readonly string[], line: number, field: number, expected: string): LobsterRow {
  return fault(
    line,
    columnOf(fields, field),
    `${expected}, got ${JSON.stringify(fields[field]!.slice(0, 32))}`,
  )
}

function fault(line: number, column: number, message: string): LobsterRow {
  return E.left({ line, column, message })
}

/** Where a field begins in its line. */
function columnOf(fields: readonly string[], field: number): number {
  let column = 1
  for (let i = 0; i < field; i++) column += fields[i]!.length + 1
  return column
}
