import type { Command } from '../book/index.ts'
import type { Scope } from './scope.ts'

/** One scenario of a file. */
export interface Scenario {
  readonly file: string
  /** Of its `scenario:`. */
  readonly line: number
  readonly name: string
  /** Its instruments, and what its clients and orders are called. */
  readonly scope: Scope
  /** Whether the engine is to publish levels and best prices. */
  readonly marketData: boolean
  readonly steps: readonly Step[]
}

export type Step = CommandStep | BookStep | OrderStep | OrdersStep

/** A command and all events that it must cause. */
export interface CommandStep {
  readonly kind: 'command'
  readonly line: number
  /** As it is written. */
  readonly text: string
  readonly command: Command
  /** The instrument that its events are in. */
  readonly instrument: number
  readonly expected: Expected[]
}

/** An event in words: what is always said of it, and details that are compared only where they are asked for. */
export interface Said {
  readonly text: string
  readonly details: ReadonlyMap<string, string>
}

export interface Expected extends Said {
  /** First word of the line. */
  readonly word: string
}

/** Both sides of a book, whole. */
export interface BookStep {
  readonly kind: 'book'
  readonly line: number
  readonly text: string
  readonly instrument: number
  /** Bids and offers, best first. */
  readonly sides: readonly [readonly ExpectedLevel[], readonly ExpectedLevel[]]
}

export interface ExpectedLevel {
  readonly priceTicks: number
  readonly lots: number
  /** How many orders, if that is to be checked. */
  readonly orders: number | undefined
}

/** What one order is like. */
export interface OrderStep {
  readonly kind: 'order'
  readonly line: number
  readonly text: string
  readonly orderId: number
  readonly expected: Expected
}

/** The open orders of a client. */
export interface OrdersStep {
  readonly kind: 'orders'
  readonly line: number
  readonly text: string
  readonly clientName: string
  readonly client: number
  readonly expected: Expected
}
