import * as t from 'io-ts'
import * as record from '../../book/record.ts'
import { Codec, flag, listOf, oneOf, options, text, wholeNumber } from '../codec.ts'
import type { Market } from '../market.ts'
import type { RecordKind } from '../operator.ts'

/** Bound here so that V8 folds them into the code (ARCHITECTURE.md, 'Constants on the hot path'). */
const { CLIENT, CODE, CommandKind, EventKind, HEAD, headKind, headOrderType, headSide, headTimeInForce } =
  record
const { INSTRUMENT, LOTS, OrderType, PRICE_TICKS, Side, TimeInForce } = record

/** Whether a record meets a condition. */
export type Predicate = (words: Int32Array, at: number) => boolean

function dashed(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
}

function byDashedName(numbers: Readonly<Record<string, number>>): ReadonlyMap<string, number> {
  return new Map(Object.entries(numbers).map(([name, number]) => [dashed(name), number]))
}

const KINDS: Readonly<Record<RecordKind, ReadonlyMap<string, number>>> = {
  command: byDashedName(CommandKind),
  event: byDashedName(EventKind),
}
const TYPES = byDashedName(OrderType)
const TIMES = byDashedName(TimeInForce)
const SIDES = byDashedName(Side)

/** One or several of something: `AAPL` as `[AAPL]`. */
function someOf<C extends t.Mixed>(item: C): Codec<readonly t.TypeOf<C>[]> {
  const list = listOf(item)
  return new Codec(
    `${item.name}, or a list`,
    (value, context) =>
      Array.isArray(value) ? list.validate(value, context) : list.validate([value], context),
    { kind: 'either', of: [item, list] },
  )
}

const whole = wholeNumber({ min: 0 })
const bounds = options(
  {},
  {
    above: whole.describe('More than this.'),
    atLeast: whole.describe('This or more.'),
    below: whole.describe('Less than this.'),
    atMost: whole.describe('This or less.'),
  },
)

/** A whole number, or bounds on one: `{ above: 1000 }`. */
const range = new Codec<t.TypeOf<typeof bounds>>(
  'a whole number, or a map of bounds',
  (value, context) =>
    typeof value === 'number'
      ? t.failure(value, context, `expected bounds such as { atLeast: ${value} }`)
      : bounds.validate(value, context),
  bounds.shape,
)

/** What `when` may say of a record; all of it must hold. */
export const condition = options(
  {},
  {
    symbol: someOf(text).describe('One of these symbols.'),
    kind: someOf(oneOf(...new Set([...KINDS.command.keys(), ...KINDS.event.keys()]))).describe(
      'One of these kinds of commands or events.',
    ),
    side: oneOf('buy', 'sell').describe('The side of the order.'),
    type: someOf(oneOf(...TYPES.keys())).describe('One of these order types.'),
    timeInForce: someOf(oneOf(...TIMES.keys())).describe('One of these times in force.'),
    client: someOf(text).describe('One of these clients.'),
    lots: range.describe('The quantity, in lots.'),
    priceTicks: range.describe('The price, in ticks.'),
    /** Of a command: whether an earlier stage has refused it. */
    rejected: flag.describe('Whether an earlier stage has refused the command.'),
  },
)

export type Condition = t.TypeOf<typeof condition>

/** What is wrong with a condition on records of a kind, under which of its keys; undefined if nothing is. */
export function conditionProblem(
  { kind, rejected }: Condition,
  of: RecordKind,
): { readonly path: readonly string[]; readonly message: string } | undefined {
  for (const name of kind ?? [])
    if (!KINDS[of].has(name))
      return {
        path: ['kind'],
        message: `no ${of} is of the kind ${name}, expected one of ${[...KINDS[of].keys()].join(', ')}`,
      }
  if (rejected !== undefined && of === 'event')
    return { path: ['rejected'], message: 'events are not refused, commands are: expected kind: rejected' }
  return undefined
}

/** Numbers of the kinds that a condition lets through, of all where it does not say. */
export function kindsOf({ kind }: Condition, of: RecordKind, among: ReadonlySet<number>): Set<number> {
  if (kind === undefined) return new Set(among)
  return new Set(kind.map((name) => KINDS[of].get(name)!).filter((number) => among.has(number)))
}

export const ALL_KINDS: Readonly<Record<RecordKind, ReadonlySet<number>>> = {
  command: new Set(KINDS.command.values()),
  event: new Set(KINDS.event.values()),
}

/** Makes the test of a condition. Symbols that the market does not know yet are looked for when a record asks. */
export function predicateOf(given: Condition, of: RecordKind, market: Market): Predicate {
  const tests: Predicate[] = []
  const { kind, symbol, side, type, timeInForce, client, lots, priceTicks, rejected } = given
  if (kind !== undefined) {
    const mask = maskOf(kind.map((name) => KINDS[of].get(name)!))
    tests.push((words, at) => ((mask >>> (headKind(words[at + HEAD]!) & 31)) & 1) === 1)
  }
  if (symbol !== undefined) tests.push(symbolTest(symbol, market))
  if (side !== undefined) {
    const wanted = SIDES.get(side)!
    tests.push((words, at) => headSide(words[at + HEAD]!) === wanted)
  }
  if (type !== undefined) {
    const mask = maskOf(type.map((name) => TYPES.get(name)!))
    tests.push((words, at) => ((mask >>> (headOrderType(words[at + HEAD]!) & 31)) & 1) === 1)
  }
  if (timeInForce !== undefined) {
    const mask = maskOf(timeInForce.map((name) => TIMES.get(name)!))
    tests.push((words, at) => ((mask >>> (headTimeInForce(words[at + HEAD]!) & 31)) & 1) === 1)
  }
  if (client !== undefined) {
    const numbers = new Set(client.map((name) => market.clients.number(name)))
    tests.push((words, at) => numbers.has(words[at + CLIENT]! >>> 0))
  }
  if (lots !== undefined) tests.push(rangeTest(LOTS, lots))
  if (priceTicks !== undefined) tests.push(rangeTest(PRICE_TICKS, priceTicks))
  if (rejected !== undefined)
    tests.push((words, at) => ((words[at + CODE]! & REJECT_CODE_MASK) !== 0) === rejected)
  const [first, ...rest] = tests
  if (first === undefined) return () => true
  if (rest.length === 0) return first
  return (words, at) => tests.every((test) => test(words, at))
}

/** Of the word at CODE; the other half are flags. */
const REJECT_CODE_MASK = 0xffff

function maskOf(numbers: readonly number[]): number {
  return numbers.reduce((mask, number) => mask | (1 << number), 0)
}

function symbolTest(symbols: readonly string[], market: Market): Predicate {
  const wanted = new Set(symbols)
  /** 1 and 0 for the instruments looked at so far. */
  const known: number[] = []
  return (words, at) => {
    const instrument = words[at + INSTRUMENT]!
    if (instrument < 0 || instrument >= market.instruments.count) return false
    return (known[instrument] ??= wanted.has(market.instruments.symbol(instrument)) ? 1 : 0) === 1
  }
}

function rangeTest(word: number, { above, atLeast, below, atMost }: t.TypeOf<typeof range>): Predicate {
  const from = Math.max(above === undefined ? -Infinity : above + 1, atLeast ?? -Infinity)
  const to = Math.min(below === undefined ? Infinity : below - 1, atMost ?? Infinity)
  return (words, at) => words[at + word]! >= from && words[at + word]! <= to
}
