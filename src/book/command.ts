import type { Batch } from './batch.ts'
import { ANY_INSTRUMENT } from './instruments.ts'
import {
  BOTH_SIDES,
  CLIENT,
  CODE,
  CommandKind,
  DISPLAY_LOTS,
  EXPIRY_SECONDS,
  HEAD,
  INSTRUMENT,
  LINKED_ORDER_ID,
  LOTS,
  MIN_LOTS,
  ORDER_ID,
  OrderFlag,
  OrderType,
  packHead,
  POSITION_LOTS,
  PRICE_TICKS,
  RECORD_WORDS,
  SEQUENCE,
  Side,
  STOP_TICKS,
  TimeInForce,
  TIMESTAMP_NS,
  writeU64,
} from './record.ts'

/** A command as an object: for set-up, tests and the edges, not for the hot path. Whole ticks and lots. */
export interface Command {
  /** A CommandKind. */
  readonly kind: number
  /** From 1 to 2^53 - 1, unlike that of any live order of any client. 0 in a command that names no order. */
  readonly orderId: number
  /** Whose order it is, from 1. 0 is the venue: its cancels and amends reach any client's order. */
  readonly client?: number
  readonly instrument?: number
  /** A Side. */
  readonly side?: number
  /** An OrderType. */
  readonly orderType?: number
  /** A TimeInForce. */
  readonly timeInForce?: number
  /** 0 where there is none. */
  readonly priceTicks?: number
  /**
   * Of a new order; in an amend the new total, traded lots included; in a replace the new order's; 0 leaves it.
   * The trading state in a state command, the group in a group command.
   */
  readonly lots?: number
  /** OrderFlag bits; `flagsOf` below puts them together. */
  readonly flags?: number
  /** Trigger price of a stop, distance of a trailing stop. */
  readonly stopTicks?: number
  /** How much of the order shows at a time; 0 is all of it. */
  readonly displayLots?: number
  /** With the reduceOnly flag: the client's position, above 0 if long. Takes the place of `displayLots`. */
  readonly positionLots?: number
  /** What must trade at once, or the order is cancelled. */
  readonly minLots?: number
  /** Of a good-till-date order, in seconds since 1970. */
  readonly expirySeconds?: number
  /** With the linked flag: the other order; in a replace: the order replaced. Then no `minLots` nor `expirySeconds`. */
  readonly linkedOrderId?: number
  /** 0 unless an earlier step refused the command. */
  readonly rejectCode?: number
  readonly sequence?: number
  /** Nanoseconds since 1970; a bigint where a number would not be exact. */
  readonly timestampNs?: number | bigint
}

/** The fields that stand in 32-bit words, and the least and most that such a word holds. */
const WORD_FIELDS = [
  'instrument',
  'client',
  'priceTicks',
  'lots',
  'stopTicks',
  'displayLots',
  'positionLots',
  'minLots',
  'expirySeconds',
] as const
const LEAST = -(2 ** 31)
const MOST = 2 ** 32 - 1

/**
 * Appends a command record to a batch that has room.
 * @returns the word at which the record begins
 * @throws RangeError naming the field, for a number that is not whole or does not fit its word: it would become another
 */
export function pushCommand(batch: Batch, command: Command): number {
  for (const field of WORD_FIELDS) {
    const value = command[field] ?? 0
    if (!Number.isInteger(value) || value < LEAST || value > MOST)
      throw new RangeError(`command: ${field} is not a whole number that fits 32 bits, got ${value}`)
  }
  const at = batch.count++ * RECORD_WORDS
  const { words } = batch
  words.fill(0, at, at + RECORD_WORDS)
  const { kind, side = Side.buy, orderType = 0, timeInForce = 0, flags = 0 } = command
  words[at + HEAD] = packHead(kind, side, orderType, timeInForce)
  words[at + CODE] = (command.rejectCode ?? 0) | (flags << 16)
  words[at + INSTRUMENT] = command.instrument ?? (kind === CommandKind.new ? 0 : ANY_INSTRUMENT)
  words[at + CLIENT] = command.client ?? 0
  words[at + PRICE_TICKS] = command.priceTicks ?? 0
  words[at + LOTS] = command.lots ?? 0
  words[at + STOP_TICKS] = command.stopTicks ?? 0
  if ((flags & OrderFlag.reduceOnly) !== 0) words[at + POSITION_LOTS] = command.positionLots ?? 0
  else words[at + DISPLAY_LOTS] = command.displayLots ?? 0
  if (kind === CommandKind.replace || (flags & OrderFlag.linked) !== 0)
    writeU64(words, at + LINKED_ORDER_ID, command.linkedOrderId ?? 0)
  else {
    words[at + MIN_LOTS] = command.minLots ?? 0
    words[at + EXPIRY_SECONDS] = command.expirySeconds ?? 0
  }
  writeU64(words, at + ORDER_ID, command.orderId)
  writeU64(words, at + SEQUENCE, command.sequence ?? 0)
  writeTimestamp(words, at, command.timestampNs ?? 0)
  return at
}

/** Writes nanoseconds since 1970, which have 61 bits, into a command record. */
export function writeTimestamp(words: Int32Array, at: number, ns: number | bigint): void {
  if (typeof ns === 'number') return writeU64(words, at + TIMESTAMP_NS, ns)
  words[at + TIMESTAMP_NS] = Number(BigInt.asIntN(32, ns))
  words[at + TIMESTAMP_NS + 1] = Number(BigInt.asIntN(32, ns >> 32n))
}

/** The terms that flags stand for. */
export interface FlagTerms {
  readonly postOnly?: 'reject' | 'slide' | undefined
  readonly hidden?: boolean
  readonly allOrNone?: boolean
  readonly reduceOnly?: boolean
  readonly linked?: boolean
  /** A SelfTrade. */
  readonly selfTrade?: number
}

/** OrderFlag bits of a new order. */
export function flagsOf(terms: FlagTerms): number {
  const { postOnly, hidden, allOrNone, reduceOnly, linked, selfTrade = 0 } = terms
  let flags = selfTrade * OrderFlag.selfTrade
  if (postOnly === 'reject') flags |= OrderFlag.postOnlyReject
  if (postOnly === 'slide') flags |= OrderFlag.postOnlySlide
  if (hidden === true) flags |= OrderFlag.hidden
  if (allOrNone === true) flags |= OrderFlag.allOrNone
  if (reduceOnly === true) flags |= OrderFlag.reduceOnly
  if (linked === true) flags |= OrderFlag.linked
  return flags
}

/** The fields of a new order, with the defaults that most have: limit, good till cancelled, client 1, instrument 0. */
export type NewOrder = Partial<Omit<Command, 'kind'>> & Pick<Command, 'orderId' | 'side' | 'lots'>

export function newOrder(order: NewOrder): Command {
  return {
    kind: CommandKind.new,
    client: 1,
    orderType: OrderType.limit,
    timeInForce: TimeInForce.gtc,
    ...order,
  }
}

export function cancelOrder(orderId: number, client = 0): Command {
  return { kind: CommandKind.cancel, orderId, client }
}

/** @param change a new price, trigger price or total quantity (traded lots included), or any of them */
export function amendOrder(
  orderId: number,
  change: Pick<Command, 'priceTicks' | 'lots' | 'stopTicks'>,
  client = 0,
): Command {
  return { kind: CommandKind.amend, orderId, client, ...change }
}

/**
 * Cancel-replace: the order goes on as `orderId`, at the end of its queue.
 * @param change a new price, trigger price or quantity (of the new order; by default what was open), or any of them
 */
export function replaceOrder(
  linkedOrderId: number,
  orderId: number,
  change: Pick<Command, 'priceTicks' | 'lots' | 'stopTicks'> = {},
  client = 0,
): Command {
  return { kind: CommandKind.replace, orderId, linkedOrderId, client, ...change }
}

/** Cancels all orders of a client (0: of all), of an instrument (by default of all), of a side (by default of both). */
export function massCancel({
  client = 0,
  instrument = ANY_INSTRUMENT,
  side = BOTH_SIDES,
}: Pick<Command, 'client' | 'instrument' | 'side'> = {}): Command {
  return { kind: CommandKind.massCancel, orderId: 0, client, instrument, side }
}

/** Cancels all orders of a client (0: of all) and refuses new ones until `release`. */
export function kill(client = 0): Command {
  return { kind: CommandKind.kill, orderId: 0, client }
}

export function release(client = 0): Command {
  return { kind: CommandKind.release, orderId: 0, client }
}

/** @param timestampNs nanoseconds since 1970 */
export function setTime(timestampNs: number | bigint): Command {
  return { kind: CommandKind.time, orderId: 0, timestampNs }
}

/** @param state a TradingState, of one instrument or of all */
export function setState(state: number, instrument: number = ANY_INSTRUMENT): Command {
  return { kind: CommandKind.state, orderId: 0, instrument, lots: state }
}

/** Puts a client into a self-trade prevention group, from 1; 0 takes it out. */
export function setGroup(client: number, group: number): Command {
  return { kind: CommandKind.group, orderId: 0, client, lots: group }
}
