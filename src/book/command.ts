import type { Batch } from './batch.ts'
import { ANY_INSTRUMENT } from './instruments.ts'
import {
  CLIENT,
  CODE,
  CommandKind,
  HEAD,
  INSTRUMENT,
  LOTS,
  ORDER_ID,
  OrderType,
  packHead,
  PRICE_TICKS,
  RECORD_WORDS,
  SEQUENCE,
  Side,
  TimeInForce,
  TIMESTAMP_NS,
  writeU64,
} from './record.ts'

/** A command as an object: for set-up, tests and the edges, not for the hot path. Whole ticks and lots. */
export interface Command {
  /** A CommandKind. */
  readonly kind: number
  /** From 1 to 2^53 - 1, unlike that of any live order of any client. */
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
  /** Of a new order; in an amend the new total, traded lots included; 0 leaves it. */
  readonly lots?: number
  /** 0 unless an earlier step refused the command. */
  readonly rejectCode?: number
  readonly sequence?: number
  readonly timestampNs?: number
}

/**
 * Appends a command record to a batch that has room.
 * @returns the word at which the record begins
 */
export function pushCommand(batch: Batch, command: Command): number {
  const at = batch.count++ * RECORD_WORDS
  const { words } = batch
  words.fill(0, at, at + RECORD_WORDS)
  const { side = Side.buy, orderType = 0, timeInForce = 0 } = command
  words[at + HEAD] = packHead(command.kind, side, orderType, timeInForce)
  words[at + CODE] = command.rejectCode ?? 0
  words[at + INSTRUMENT] = command.instrument ?? (command.kind === CommandKind.new ? 0 : ANY_INSTRUMENT)
  words[at + CLIENT] = command.client ?? 0
  words[at + PRICE_TICKS] = command.priceTicks ?? 0
  words[at + LOTS] = command.lots ?? 0
  writeU64(words, at + ORDER_ID, command.orderId)
  writeU64(words, at + SEQUENCE, command.sequence ?? 0)
  writeU64(words, at + TIMESTAMP_NS, command.timestampNs ?? 0)
  return at
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

/** @param change a new price, a new total quantity (traded lots included), or both */
export function amendOrder(
  orderId: number,
  change: Pick<Command, 'priceTicks' | 'lots'>,
  client = 0,
): Command {
  return { kind: CommandKind.amend, orderId, client, ...change }
}
