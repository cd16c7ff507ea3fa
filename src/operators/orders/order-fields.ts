import { ACCEPTED, RejectCode } from '../../book/reject-code.ts'
import { didYouMean } from '../../pipeline/suggest.ts'

/** What a line of input may say about a command, and the place of each in an `OrderFields`. */
export const Field = {
  op: 0,
  id: 1,
  client: 2,
  symbol: 3,
  side: 4,
  type: 5,
  price: 6,
  quantity: 7,
  timeInForce: 8,
  timestamp: 9,
} as const

/** Keys of a JSON line and columns of a CSV file, in the order of their places. */
export const FIELD_NAMES = Object.keys(Field) as readonly (keyof typeof Field)[]

const PLACES: ReadonlyMap<string, number> = new Map(FIELD_NAMES.map((name, place) => [name, place]))

/** The place of a key or column, or -1 for one that there is not. */
export function fieldOf(name: string): number {
  return PLACES.get(name) ?? -1
}

/** Names that other systems use. They are not read, for a file that means something else must not slip through. */
const OTHER_NAMES: ReadonlyMap<string, string> = new Map([
  ['action', 'op'],
  ['kind', 'op'],
  ['order_id', 'id'],
  ['orderid', 'id'],
  ['account', 'client'],
  ['user', 'client'],
  ['instrument', 'symbol'],
  ['ticker', 'symbol'],
  ['qty', 'quantity'],
  ['size', 'quantity'],
  ['amount', 'quantity'],
  ['volume', 'quantity'],
  ['lots', 'quantity'],
  ['ordertype', 'type'],
  ['order_type', 'type'],
  ['tif', 'timeInForce'],
  ['time_in_force', 'timeInForce'],
  ['time', 'timestamp'],
])

/** `: did you mean quantity?` for a key or column that there is not; nothing where no guess is near. */
export function guessField(name: string): string {
  const other = OTHER_NAMES.get(name.toLowerCase())
  return other === undefined ? didYouMean(name, FIELD_NAMES) : `: did you mean ${other}?`
}

/** Text of the sender's in a message: as JSON, so that nothing in it can be mistaken, and cut short. */
export function quote(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}...` : text)
}

/**
 * The fields of one line as text, whatever it was written in, and the first thing wrong with it. One object is
 * used for every line: its contents are good until the next.
 */
export class OrderFields {
  /** By place; undefined where the line does not say. */
  readonly values: (string | undefined)[]
  /** 1 where the value stood bare, as JSON numbers and literals do, and 0 where it was text. */
  readonly bare: Uint8Array
  /** Where each value begins in its line, counted from 1; 0 where that is not known. */
  readonly columns: Int32Array
  /** A reject code, or ACCEPTED. */
  code: number
  /** What is wrong in words, and in which column. */
  detail: string
  column: number

  constructor() {
    this.values = FIELD_NAMES.map(() => undefined)
    this.bare = new Uint8Array(FIELD_NAMES.length)
    this.columns = new Int32Array(FIELD_NAMES.length)
    this.code = ACCEPTED
    this.detail = ''
    this.column = 0
  }

  clear(): void {
    const { values } = this
    for (let place = 0; place < values.length; place++) values[place] = undefined
    this.code = ACCEPTED
  }

  set(place: number, value: string, bare: number, column: number): void {
    this.values[place] = value
    this.bare[place] = bare
    this.columns[place] = column
  }

  /** Refuses the line. What was found first stands. */
  refuse(code: number, detail: string, column: number): void {
    if (this.code !== ACCEPTED) return
    this.code = code
    this.detail = detail
    this.column = column
  }

  /** Refuses the line as one that cannot be read. */
  malformed(detail: string, column: number): void {
    this.refuse(RejectCode.MALFORMED, detail, column)
  }
}
