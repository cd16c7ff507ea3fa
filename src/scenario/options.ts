import { RejectCode, SELF_TRADES, Side, TimeInForce, type Command, type FlagTerms } from '../book/index.ts'
import type { AmountName, Amounts } from './amounts.ts'
import { rejectCode } from './event-form.ts'
import { oneOf, type Line, type Token } from './line.ts'
import { readWord } from './vocabulary.ts'

/** A command while its line is being read. Decimals stay text until the instrument is known. */
export interface Draft {
  readonly kind: number
  name: string | undefined
  /** The order that a replace names. */
  replaced: string | undefined
  /** The order to be linked with. */
  linked: string | undefined
  client: string | undefined
  symbol: string | undefined
  side: number | undefined
  orderType: number
  timeInForce: number | undefined
  readonly amounts: Amounts
  /** Where a trailing stop has its distance. */
  trail: Token | undefined
  readonly terms: { -readonly [term in keyof FlagTerms]: FlagTerms[term] }
  expirySeconds: number | undefined
  /** Of a command that names no order: a trading state, a group. */
  argument: number | undefined
  timestampNs: bigint | undefined
  /** A reject code that an earlier step is to have given. */
  rejectCode: number
  /** Fields of the record that are written as they stand. */
  readonly raw: { [field: string]: number }
}

export interface Option {
  /** What it settles: no line may settle one thing twice. */
  readonly settles: string
  readonly read: (line: Line, draft: Draft) => void
}

export type Options = Readonly<Record<string, Option>>

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

const name: Option = {
  settles: 'the name',
  read: (line, draft) => {
    draft.name = line.name('a name for the order')
  },
}

function amount(of: AmountName, what: string, settles: string): Option {
  return {
    settles,
    read: (line, draft) => {
      draft.amounts[of] = line.take(what)
    },
  }
}

const price = amount('price', 'a price', 'the price')
const quantity = amount('quantity', 'a quantity', 'the quantity')
const stop = amount('stop', 'a stop price', 'the stop price')

const trail: Option = {
  settles: 'the stop price',
  read: (line, draft) => {
    draft.trail = draft.amounts.stop = line.take('a distance')
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

const gtd: Option = {
  settles: 'the time in force',
  read: (line, draft) => {
    draft.timeInForce = TimeInForce.gtd
    draft.expirySeconds = line.whole('a second', 0, 2 ** 31 - 1)
  },
}

function postOnly(value: 'reject' | 'slide'): Option {
  return {
    settles: 'post-only',
    read: (_, draft) => {
      draft.terms.postOnly = value
    },
  }
}

/** A term that is one word, and a name for it that no other has. */
function term(of: 'hidden' | 'allOrNone', word: string): Option {
  return {
    settles: word,
    read: (_, draft) => {
      draft.terms[of] = true
    },
  }
}

const reduceOnly: Option = {
  settles: 'the position',
  read: (line, draft) => {
    draft.terms.reduceOnly = true
    draft.amounts.position = line.take('a position')
  },
}

const linked: Option = {
  settles: 'the link',
  read: (line, draft) => {
    draft.terms.linked = true
    draft.linked = line.name('the name of an order')
  },
}

const SELF_TRADE_WORDS = new Map(Object.entries(SELF_TRADES))

const stp: Option = {
  settles: 'self-trade prevention',
  read: (line, draft) => {
    draft.terms.selfTrade = SELF_TRADE_WORDS.get(readWord(line, SELF_TRADE_WORDS)) ?? 0
  },
}

function side(value: number): Option {
  return {
    settles: 'the side',
    read: (_, draft) => {
      draft.side = value
    },
  }
}

const I32 = [-(2 ** 31), 2 ** 31 - 1] as const

/** Fields that `set` writes, with the numbers that fit their bytes. */
const RAW_FIELDS: Readonly<Record<string, readonly [field: keyof Command, min: number, max: number]>> = {
  kind: ['kind', 0, 255],
  side: ['side', 0, 255],
  type: ['orderType', 0, 255],
  'time-in-force': ['timeInForce', 0, 255],
  flags: ['flags', 0, 65_535],
  instrument: ['instrument', ...I32],
  client: ['client', 0, 2 ** 32 - 1],
  id: ['orderId', 0, 2 ** 53],
  price: ['priceTicks', ...I32],
  lots: ['lots', ...I32],
  stop: ['stopTicks', ...I32],
  display: ['displayLots', ...I32],
  position: ['positionLots', ...I32],
  min: ['minLots', ...I32],
  expiry: ['expirySeconds', ...I32],
  link: ['linkedOrderId', 0, 2 ** 53],
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

/** What any command may have. */
export const RAW_OPTIONS: Options = { set, marked }

/** Whose command it is, and where. */
export const WHO_AND_WHERE: Options = { by, in: symbol, ...RAW_OPTIONS }
export const WHERE: Options = { in: symbol, ...RAW_OPTIONS }

export const NEW_OPTIONS: Options = {
  by,
  as: name,
  in: symbol,
  limit: price,
  stop,
  trail,
  gtc: timeInForce(TimeInForce.gtc),
  ioc: timeInForce(TimeInForce.ioc),
  fok: timeInForce(TimeInForce.fok),
  day: timeInForce(TimeInForce.day),
  gtd,
  'post-only': postOnly('reject'),
  slide: postOnly('slide'),
  display: amount('display', 'a quantity', 'the displayed quantity'),
  hidden: term('hidden', 'hidden'),
  min: amount('min', 'a quantity', 'the minimum quantity'),
  aon: term('allOrNone', 'all-or-none'),
  'reduce-only': reduceOnly,
  linked,
  stp,
  ...RAW_OPTIONS,
}

/** What an amend or a replace may change. */
export const CHANGE_OPTIONS: Options = {
  by,
  to: quantity,
  '@': price,
  stop,
  trail,
  in: symbol,
  ...RAW_OPTIONS,
}

export const MASS_OPTIONS: Options = {
  by,
  in: symbol,
  buy: side(Side.buy),
  sell: side(Side.sell),
  ...RAW_OPTIONS,
}

/** Reads what is left of a line: options in any order. */
export function readOptions(line: Line, draft: Draft, options: Options): void {
  const settled = new Set(draft.amounts.price === undefined ? [] : ['the price'])
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
