import { CommandKind, OrderType, RejectCode, Side, TimeInForce, type Command } from '../book/index.ts'
import { readAmounts } from './amounts.ts'
import { rejectCode } from './events.ts'
import { oneOf, type Line, type Token } from './line.ts'
import { VENUE, type Scope } from './scope.ts'

/** A command while its line is being read. Decimals stay text until the instrument is known. */
interface Draft {
  kind: number
  name: string | undefined
  client: string | undefined
  symbol: string | undefined
  side: number
  orderType: number
  timeInForce: number | undefined
  quantity: Token | undefined
  price: Token | undefined
  /** A reject code that an earlier step is to have given. */
  rejectCode: number
  /** Fields of the record that are written as they stand. */
  raw: { [field: string]: number }
}

/** A command as it goes to the engine. */
export interface ReadCommand {
  readonly command: Command
  readonly instrument: number
  readonly name: string
}

interface Verb {
  readonly kind: number
  readonly side?: number
  /** What always stands behind the verb. */
  readonly read: (line: Line, draft: Draft) => void
  /** What may follow, in any order. */
  readonly options: Readonly<Record<string, Option>>
}

interface Option {
  /** What it settles: no line may settle one thing twice. */
  readonly settles: string
  readonly read: (line: Line, draft: Draft) => void
}

const by: Option = {
  settles: 'the client',
  read: (line, draft) => {
    draft.client = line.name('the name of a client')
  },
}

const symbol: Option = {
  settles: 'the instrument',
  read: (line, draft) => {
    draft.symbol = line.take('a symbol').text
  },
}

const marked: Option = {
  settles: 'the reject code',
  read: (line, draft) => {
    draft.rejectCode = RejectCode[rejectCode(line)]
  },
}

const price: Option = {
  settles: 'the price',
  read: (line, draft) => {
    draft.price = line.take('a price')
  },
}

const quantity: Option = {
  settles: 'the quantity',
  read: (line, draft) => {
    draft.quantity = line.take('a quantity')
  },
}

const name: Option = {
  settles: 'the name',
  read: (line, draft) => {
    draft.name = line.name('a name for the order')
  },
}

/** Fields that `set` writes, with the numbers that fit their bytes. */
const RAW_FIELDS: Readonly<Record<string, readonly [field: keyof Command, min: number, max: number]>> = {
  kind: ['kind', 0, 255],
  side: ['side', 0, 255],
  type: ['orderType', 0, 255],
  'time-in-force': ['timeInForce', 0, 255],
  instrument: ['instrument', -(2 ** 31), 2 ** 31 - 1],
  id: ['orderId', 0, 2 ** 53],
}

const set: Option = {
  settles: '',
  read: (line, draft) => {
    const words = Object.keys(RAW_FIELDS)
    const token = line.take(oneOf(words))
    const field = Object.hasOwn(RAW_FIELDS, token.text) ? RAW_FIELDS[token.text] : undefined
    if (field === undefined) line.fail(`expected ${oneOf(words)}, got "${token.text}"`, token)
    else draft.raw[field[0]] = line.whole('a whole number', field[1], field[2])
  },
}

function timeInForce(value: number): Option {
  return {
    settles: 'the time in force',
    read: (_, draft) => {
      draft.timeInForce = value
    },
  }
}

const NEW_OPTIONS: Readonly<Record<string, Option>> = {
  by,
  as: name,
  in: symbol,
  limit: price,
  gtc: timeInForce(TimeInForce.gtc),
  ioc: timeInForce(TimeInForce.ioc),
  fok: timeInForce(TimeInForce.fok),
  set,
  marked,
}

/** Every command by its verb. A new order type or option is a new entry here or in `NEW_OPTIONS`. */
const VERBS: Readonly<Record<string, Verb>> = {
  buy: { kind: CommandKind.new, side: Side.buy, read: readTerms, options: NEW_OPTIONS },
  sell: { kind: CommandKind.new, side: Side.sell, read: readTerms, options: NEW_OPTIONS },
  cancel: { kind: CommandKind.cancel, read: readName, options: { by, in: symbol, set, marked } },
  amend: {
    kind: CommandKind.amend,
    read: readName,
    options: { by, to: quantity, '@': price, in: symbol, set, marked },
  },
}

export const VERB_WORDS: readonly string[] = Object.keys(VERBS)

/** Reads a command line whose first word is one of `VERB_WORDS`. */
export function readCommand(line: Line, scope: Scope): ReadCommand {
  const verb = VERBS[line.take(oneOf(VERB_WORDS)).text]!
  const draft: Draft = {
    kind: verb.kind,
    name: undefined,
    client: undefined,
    symbol: undefined,
    side: verb.side ?? Side.buy,
    orderType: 0,
    timeInForce: undefined,
    quantity: undefined,
    price: undefined,
    rejectCode: 0,
    raw: {},
  }
  verb.read(line, draft)
  readOptions(line, draft, verb.options)
  if (verb.kind !== CommandKind.new) return change(line, draft, scope)
  if (draft.client === undefined) line.fail('who? expected "by" and the name of a client')
  if (draft.client === VENUE) line.fail('the venue enters no orders: it only cancels and amends')
  return enter(line, draft, scope)
}

/** `QTY @ PRICE` or `QTY market`. */
function readTerms(line: Line, draft: Draft): void {
  draft.quantity = line.take('a quantity')
  const token = line.take('"@" and a price, or "market"')
  if (token.text === '@') {
    draft.orderType = OrderType.limit
    draft.price = line.take('a price')
  } else if (token.text === 'market') draft.orderType = OrderType.market
  else line.fail(`expected "@" and a price, or "market", got "${token.text}"`, token)
}

function readName(line: Line, draft: Draft): void {
  draft.name = line.name('the name of an order')
}

function readOptions(line: Line, draft: Draft, options: Readonly<Record<string, Option>>): void {
  const settled = new Set(draft.price === undefined ? [] : ['the price'])
  while (line.next !== undefined && line.fault === undefined) {
    const words = Object.keys(options)
    const token = line.take(oneOf(words))
    const option = Object.hasOwn(options, token.text) ? options[token.text] : undefined
    if (option === undefined) return line.fail(`expected ${oneOf(words)}, got "${token.text}"`, token)
    if (settled.has(option.settles))
      return line.fail(`"${token.text}": ${option.settles} has been said before on this line`, token)
    if (option.settles !== '') settled.add(option.settles)
    option.read(line, draft)
  }
}

function enter(line: Line, draft: Draft, scope: Scope): ReadCommand {
  const client = draft.client ?? ''
  const name = draft.name ?? scope.nextName(client)
  const instrument = instrumentOf(draft, scope, 0)
  const { orderType } = draft
  const usual = orderType === OrderType.market ? TimeInForce.ioc : TimeInForce.gtc
  const command = {
    kind: draft.kind,
    orderId: draft.raw['orderId'] ?? scope.orderId(name),
    client: scope.client(client),
    instrument,
    side: draft.side,
    orderType,
    timeInForce: draft.timeInForce ?? usual,
    ...readAmounts(line, draft, scope.instruments, known(scope, instrument)),
    sequence: ++scope.sequence,
    ...draft.raw,
  }
  if (draft.raw['orderId'] !== undefined) scope.alias(draft.raw['orderId'], name)
  return { command, instrument: known(scope, instrument), name }
}

function change(line: Line, draft: Draft, scope: Scope): ReadCommand {
  const name = draft.name ?? ''
  const order = scope.order(name)
  const instrument = order?.instrument ?? 0
  const command = {
    kind: draft.kind,
    orderId: order?.orderId ?? scope.orderId(name),
    client: draft.client === undefined ? (order?.client ?? 0) : scope.client(draft.client),
    ...(draft.symbol === undefined ? {} : { instrument: instrumentOf(draft, scope, instrument) }),
    ...readAmounts(line, draft, scope.instruments, instrument),
    sequence: ++scope.sequence,
    ...draft.raw,
  }
  return { command, instrument, name }
}

/** The number of the symbol; one that no instrument has if there is none. */
function instrumentOf(draft: Draft, scope: Scope, otherwise: number): number {
  if (draft.symbol === undefined) return otherwise
  return scope.instruments.find(draft.symbol) ?? scope.instruments.count
}

function known(scope: Scope, instrument: number): number {
  return instrument < scope.instruments.count ? instrument : 0
}
