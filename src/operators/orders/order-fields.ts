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
  stopPrice: 10,
  trail: 11,
  display: 12,
  hidden: 13,
  allOrNone: 14,
  postOnly: 15,
  minQuantity: 16,
  reduceOnly: 17,
  position: 18,
  linkedTo: 19,
  selfTrade: 20,
  expires: 21,
  newId: 22,
  state: 23,
  group: 24,
  at: 25,
} as const

/** Fields from here on are terms: most lines have none of them. */
export const FIRST_TERM: number = Field.stopPrice

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
  ['stop', 'stopPrice'],
  ['stop_price', 'stopPrice'],
  ['stoppx', 'stopPrice'],
  ['trigger', 'stopPrice'],
  ['distance', 'trail'],
  ['iceberg', 'display'],
  ['visible', 'display'],
  ['aon', 'allOrNone'],
  ['all_or_none', 'allOrNone'],
  ['post_only', 'postOnly'],
  ['minqty', 'minQuantity'],
  ['min_quantity', 'minQuantity'],
  ['reduce_only', 'reduceOnly'],
  ['oco', 'linkedTo'],
  ['stp', 'selfTrade'],
  ['self_trade', 'selfTrade'],
  ['expiry', 'expires'],
  ['expiretime', 'expires'],
  ['new_id', 'newId'],
])

/** Names of two letters are near to anything so short. */
const GUESSES = FIELD_NAMES.filter((name) => name.length > 2)

/** `: did you mean quantity?` for a key or column that there is not; nothing where no guess is near. */
export function guessField(name: string): string {
  const other = OTHER_NAMES.get(name.toLowerCase())
  return other === undefined ? didYouMean(name, GUESSES) : `: did you mean ${other}?`
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
  /** Whether the line says any of the terms. */
  hasTerms: boolean
  /** A reject code, or ACCEPTED. */
  code: number
  /** What is wrong in words, and in which column. */
  detail: string
  column: number

  constructor() {
    this.values = FIELD_NAMES.map(() => undefined)
    this.bare = new Uint8Array(FIELD_NAMES.length)
    this.columns = new Int32Array(FIELD_NAMES.length)
    this.hasTerms = false
    this.code = ACCEPTED
    this.detail = ''
    this.column = 0
  }

  clear(): void {
    const { values } = this
    const end = this.hasTerms ? values.length : FIRST_TERM
    for (let place = 0; place < end; place++) values[place] = undefined
    this.hasTerms = false
    this.code = ACCEPTED
  }

  set(place: number, value: string, bare: number, column: number): void {
    this.values[place] = value
    this.bare[place] = bare
    this.columns[place] = column
    if (place >= FIRST_TERM) this.hasTerms = true
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
