import {
  ANY_INSTRUMENT,
  BOTH_SIDES,
  CommandKind,
  flagsOf,
  OrderType,
  Side,
  TimeInForce,
  type Command,
} from '../book/index.ts'
import { readAmounts } from './amounts.ts'
import { oneOf, type Line } from './line.ts'
import {
  CHANGE_OPTIONS,
  MASS_OPTIONS,
  NEW_OPTIONS,
  RAW_OPTIONS,
  readOptions,
  WHERE,
  WHO_AND_WHERE,
  type Draft,
  type Options,
} from './options.ts'
import { VENUE, type Scope } from './scope.ts'
import { readWord, STATES } from './vocabulary.ts'

/** A command as it goes to the engine. */
export interface ReadCommand {
  readonly command: Command
  readonly instrument: number
  /** Of the order that it is about. */
  readonly name: string
}

interface Verb {
  readonly kind: number
  readonly side?: number
  /** What always stands behind the verb. */
  readonly read: (line: Line, draft: Draft) => void
  /** What may follow, in any order. */
  readonly options: Options
  readonly finish: (line: Line, draft: Draft, scope: Scope) => ReadCommand
}

/** Every command by its verb. A new order type or option is a new entry here or in `options.ts`. */
const VERBS: Readonly<Record<string, Verb>> = {
  buy: { kind: CommandKind.new, side: Side.buy, read: readTerms, options: NEW_OPTIONS, finish: enter },
  sell: { kind: CommandKind.new, side: Side.sell, read: readTerms, options: NEW_OPTIONS, finish: enter },
  cancel: { kind: CommandKind.cancel, read: readName, options: WHO_AND_WHERE, finish: change },
  amend: { kind: CommandKind.amend, read: readName, options: CHANGE_OPTIONS, finish: change },
  replace: { kind: CommandKind.replace, read: readNames, options: CHANGE_OPTIONS, finish: change },
  'mass-cancel': { kind: CommandKind.massCancel, read: () => {}, options: MASS_OPTIONS, finish: control },
  kill: { kind: CommandKind.kill, read: readAnyClient, options: RAW_OPTIONS, finish: control },
  release: { kind: CommandKind.release, read: readAnyClient, options: RAW_OPTIONS, finish: control },
  time: { kind: CommandKind.time, read: readTime, options: RAW_OPTIONS, finish: control },
  state: { kind: CommandKind.state, read: readState, options: WHERE, finish: control },
  group: { kind: CommandKind.group, read: readGroup, options: RAW_OPTIONS, finish: control },
}

export const VERB_WORDS: readonly string[] = Object.keys(VERBS)

/** Reads a command line whose first word is one of `VERB_WORDS`. */
export function readCommand(line: Line, scope: Scope): ReadCommand {
  const verb = VERBS[line.take(oneOf(VERB_WORDS)).text]!
  const draft: Draft = {
    kind: verb.kind,
    name: undefined,
    replaced: undefined,
    linked: undefined,
    client: undefined,
    symbol: undefined,
    side: verb.side,
    orderType: 0,
    timeInForce: undefined,
    amounts: {},
    trail: undefined,
    terms: {},
    expirySeconds: undefined,
    argument: undefined,
    timestampNs: undefined,
    rejectCode: 0,
    raw: {},
  }
  verb.read(line, draft)
  readOptions(line, draft, verb.options)
  return verb.finish(line, draft, scope)
}

/** `QTY @ PRICE` or `QTY market`. */
function readTerms(line: Line, draft: Draft): void {
  draft.amounts.quantity = line.take('a quantity')
  const token = line.take('"@" and a price, or "market"')
  if (token.text === '@') {
    draft.orderType = OrderType.limit
    draft.amounts.price = line.take('a price')
  } else if (token.text === 'market') draft.orderType = OrderType.market
  else line.fail(`expected "@" and a price, or "market", got "${token.text}"`, token)
}

function readName(line: Line, draft: Draft): void {
  draft.name = line.name('the name of an order')
}

/** `OLD as NEW` */
function readNames(line: Line, draft: Draft): void {
  draft.replaced = line.name('the name of an order')
  line.expect('as')
  draft.name = line.name('a name for the order')
}

/** A client, or none: all of them. */
function readAnyClient(line: Line, draft: Draft): void {
  if (line.next === undefined || Object.hasOwn(RAW_OPTIONS, line.next)) return
  draft.client = line.name('the name of a client')
}

function readTime(line: Line, draft: Draft): void {
  const token = line.take('seconds since 1970')
  const match = /^(\d{1,10})(?:\.(\d{1,9}))?$/.exec(token.text)
  if (match === null) line.fail(`expected seconds since 1970, got "${token.text}"`, token)
  else draft.timestampNs = BigInt(match[1]! + (match[2] ?? '').padEnd(9, '0'))
}

function readState(line: Line, draft: Draft): void {
  draft.argument = STATES.get(readWord(line, STATES)) ?? 0
}

function readGroup(line: Line, draft: Draft): void {
  draft.client = line.name('the name of a client')
  draft.argument = line.whole('a group', 0, 2 ** 31 - 1)
}

function enter(line: Line, draft: Draft, scope: Scope): ReadCommand {
  checkTerms(line, draft)
  const client = draft.client ?? ''
  const name = draft.name ?? scope.nextName(client)
  const instrument = instrumentOf(draft, scope, 0)
  const flags = flagsOf(draft.terms)
  const orderType = orderTypeOf(draft)
  const usual = orderType === OrderType.market ? TimeInForce.ioc : TimeInForce.gtc
  const command = {
    kind: draft.kind,
    orderId: draft.raw['orderId'] ?? scope.orderId(name),
    client: scope.client(client),
    instrument,
    side: draft.side ?? Side.buy,
    orderType,
    timeInForce: draft.timeInForce ?? usual,
    ...readAmounts(line, draft.amounts, draft.rejectCode, scope.instruments, known(scope, instrument)),
    ...(flags === 0 ? {} : { flags }),
    ...(draft.linked === undefined ? {} : { linkedOrderId: scope.orderId(draft.linked) }),
    ...(draft.expirySeconds === undefined ? {} : { expirySeconds: draft.expirySeconds }),
    sequence: ++scope.sequence,
    ...draft.raw,
  }
  if (draft.raw['orderId'] !== undefined) scope.alias(draft.raw['orderId'], name)
  return { command, instrument: known(scope, instrument), name }
}

/** What a new order lacks, or has that no record holds. */
function checkTerms(line: Line, { amounts, client, expirySeconds, linked, orderType, trail }: Draft): void {
  if (client === undefined) line.fail('who? expected "by" and the name of a client')
  if (client === VENUE) line.fail('the venue enters no orders: it only cancels and amends')
  if (trail !== undefined && orderType !== OrderType.market)
    line.fail('a trailing stop has no price: expected "market" before "trail"', trail)
  if (linked !== undefined && (amounts.min !== undefined || expirySeconds !== undefined))
    line.fail('"linked" goes with neither "min" nor "gtd": a record holds only one of them')
  if (amounts.position !== undefined && amounts.display !== undefined)
    line.fail('"reduce-only" does not go with "display": a record holds only one of them')
}

/** A market or limit order with a stop price is a stop. */
function orderTypeOf({ amounts, orderType, trail }: Draft): number {
  if (amounts.stop === undefined) return orderType
  if (trail !== undefined) return OrderType.trailingStop
  return orderType === OrderType.market ? OrderType.stop : OrderType.stopLimit
}

/** A cancel, amend or replace: in ticks and lots of the order that it names. */
function change(line: Line, draft: Draft, scope: Scope): ReadCommand {
  const { replaced } = draft
  const name = draft.name ?? ''
  const named = replaced ?? name
  const order = scope.order(named)
  const instrument = order?.instrument ?? 0
  const orderId = order?.orderId ?? scope.orderId(named)
  const command = {
    kind: draft.kind,
    orderId: replaced === undefined ? orderId : scope.orderId(name),
    client: draft.client === undefined ? (order?.client ?? 0) : scope.client(draft.client),
    ...(draft.symbol === undefined ? {} : { instrument: instrumentOf(draft, scope, instrument) }),
    ...readAmounts(line, draft.amounts, draft.rejectCode, scope.instruments, instrument),
    ...(replaced === undefined ? {} : { linkedOrderId: orderId }),
    sequence: ++scope.sequence,
    ...draft.raw,
  }
  if (replaced !== undefined && draft.raw['orderId'] !== undefined) scope.alias(draft.raw['orderId'], name)
  return { command, instrument, name }
}

/** A command that names no order. */
function control(_: Line, draft: Draft, scope: Scope): ReadCommand {
  const instrument = instrumentOf(draft, scope, ANY_INSTRUMENT)
  const command = {
    kind: draft.kind,
    orderId: 0,
    client: draft.client === undefined ? 0 : scope.client(draft.client),
    instrument,
    ...(draft.kind === CommandKind.massCancel ? { side: draft.side ?? BOTH_SIDES } : {}),
    ...(draft.argument === undefined ? {} : { lots: draft.argument }),
    ...(draft.timestampNs === undefined ? {} : { timestampNs: draft.timestampNs }),
    rejectCode: draft.rejectCode,
    sequence: ++scope.sequence,
    ...draft.raw,
  }
  return { command, instrument: known(scope, Math.max(instrument, 0)), name: '' }
}

/** The number of the symbol; one that no instrument has if there is none. */
function instrumentOf(draft: Draft, scope: Scope, otherwise: number): number {
  if (draft.symbol === undefined) return otherwise
  return scope.instruments.find(draft.symbol) ?? scope.instruments.count
}

function known(scope: Scope, instrument: number): number {
  return instrument < scope.instruments.count ? instrument : 0
}
