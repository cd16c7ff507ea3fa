import { ANY_INSTRUMENT } from '../../book/instruments.ts'
import * as record from '../../book/record.ts'
import { writeTimestamp } from '../../book/command.ts'
import { RejectCode } from '../../book/reject-code.ts'
import type { Market } from '../../pipeline/market.ts'
import { isoNanoseconds, wholeNanoseconds } from '../text/utc-time.ts'
import { type FieldValues, MAX_NAME, MAX_SYMBOL, NO_KEYWORD, owned } from './field-values.ts'
import { SIDES, STATES } from './keywords.ts'
import { Field, FIELD_NAMES, quote } from './order-fields.ts'

const { ARGUMENT, BOTH_SIDES, CLIENT, CommandKind, HEAD, INSTRUMENT, packHead } = record

/** What each command that names no order may say, beside `op` and `timestamp`. */
const SAYS: ReadonlyMap<number, readonly number[]> = new Map([
  [CommandKind.massCancel, [Field.client, Field.symbol, Field.side]],
  [CommandKind.kill, [Field.client]],
  [CommandKind.release, [Field.client]],
  [CommandKind.time, [Field.at]],
  [CommandKind.state, [Field.state, Field.symbol]],
  [CommandKind.group, [Field.client, Field.group]],
] as const)

/**
 * Writes commands that name no order: mass cancel, kill, release, time, state and group. A field that such a command
 * has no use for is refused: a kill with a symbol in it is not to be taken for one of that symbol alone.
 */
export class ControlCommands {
  private readonly market: Market
  private readonly values: FieldValues

  constructor(market: Market, values: FieldValues) {
    this.market = market
    this.values = values
  }

  /** Writes all but the head's kind, the client and the timestamp, which every command has. */
  write(words: Int32Array, at: number, kind: number): void {
    const says = SAYS.get(kind)!
    for (const place of FIELD_NAMES.keys())
      if (this.values.has(place) && place !== Field.op && place !== Field.timestamp && !says.includes(place))
        return this.values.refuse(
          place,
          RejectCode.INVALID_COMBINATION,
          `${FIELD_NAMES[place]!} has no meaning in a ${this.values.fields.values[Field.op]!.toLowerCase()} command`,
        )
    if (kind === CommandKind.massCancel) this.writeMassCancel(words, at)
    else if (kind === CommandKind.time) this.writeTime(words, at)
    else if (kind === CommandKind.state) this.writeState(words, at)
    else if (kind === CommandKind.group) this.writeGroup(words, at)
  }

  private writeMassCancel(words: Int32Array, at: number): void {
    const { values, market } = this
    const side = values.keyword(Field.side, SIDES, BOTH_SIDES, RejectCode.INVALID_SIDE)
    if (side === NO_KEYWORD) return
    words[at + HEAD] = packHead(CommandKind.massCancel, side, 0, 0)
    if (values.has(Field.symbol)) this.writeSymbol(words, at, (symbol) => market.instruments.find(symbol))
  }

  /** A symbol that has not come yet is taken on the market's terms, for its state may be set before its first order. */
  private writeState(words: Int32Array, at: number): void {
    const { values, market } = this
    const state = values.keyword(Field.state, STATES, NO_KEYWORD, RejectCode.INVALID_STATE)
    if (state === NO_KEYWORD) return
    words[at + ARGUMENT] = state
    if (values.has(Field.symbol)) this.writeSymbol(words, at, (symbol) => market.instrument(owned(symbol)))
  }

  private writeSymbol(words: Int32Array, at: number, find: (symbol: string) => number | undefined): void {
    const { values } = this
    const symbol = values.name(Field.symbol, MAX_SYMBOL)
    if (symbol === undefined) return values.refuseName(Field.symbol, RejectCode.INVALID_SYMBOL, MAX_SYMBOL)
    const instrument = find(symbol)
    if (instrument === undefined)
      return values.refuse(Field.symbol, RejectCode.INVALID_SYMBOL, `unknown symbol ${quote(symbol)}`)
    words[at + INSTRUMENT] = instrument
  }

  private writeTime(words: Int32Array, at: number): void {
    const { values } = this
    const code = RejectCode.INVALID_TIME
    const place = values.has(Field.at) ? Field.at : Field.timestamp
    const text = values.fields.values[place]
    if (text === undefined)
      return values.refuse(place, code, 'a time command needs a timestamp, or a time as at')
    if (place === Field.at && values.has(Field.timestamp))
      return values.refuse(place, RejectCode.INVALID_COMBINATION, 'expected either timestamp or at, not both')
    const ns = place === Field.at ? isoNanoseconds(text) : wholeNanoseconds(text)
    if (ns === undefined)
      return values.refuse(
        place,
        code,
        `at: expected UTC time such as 2026-11-25T17:30:00Z, got ${quote(text)}`,
      )
    writeTimestamp(words, at, ns)
  }

  /** A group goes by a name, as clients do; `0` is none. */
  private writeGroup(words: Int32Array, at: number): void {
    const { values, market } = this
    if (words[at + CLIENT] === 0)
      return values.refuse(Field.client, RejectCode.INVALID_COMMAND, 'client is missing: whose group is it?')
    const group = values.name(Field.group, MAX_NAME)
    if (group === undefined) return values.refuseName(Field.group, RejectCode.INVALID_COMMAND, MAX_NAME)
    words[at + ARGUMENT] = group === '0' ? 0 : market.groups.number(owned(group))
    words[at + INSTRUMENT] = ANY_INSTRUMENT
  }
}
