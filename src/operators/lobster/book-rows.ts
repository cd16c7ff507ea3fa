import * as E from 'fp-ts/lib/Either.js'
import { LevelBook, Side } from '../../book/index.ts'
import { readLines } from './lines.ts'
import { type LobsterMessage, type LobsterRow, MessageType } from './messages.ts'

/** How a replayed book compares with the published one. */
export interface BookRows {
  readonly rows: number
  readonly agreeing: number
  /** Levels a side of the published book. */
  readonly levels: number
  /** Levels taken over from it, because the orders behind them are not in the message file. */
  readonly adopted: number
}

/** Ask price, ask size, bid price, bid size for each level. */
const LEVEL_COLUMNS = 4
const SIDES = [Side.buy, Side.sell] as const

/**
 * Replays a book from messages beside the published one, whose row i is the book after message i.
 *
 * The published book is a window of L levels. What happens beyond it is not in the messages, so when a level leaves
 * the window's near end, the one that enters at its far end is taken over from the published row: never more than one
 * a side and row, and only the deepest. All else must come out of the messages. Prices and sizes are the file's own.
 */
export class BookReplay {
  rows: number
  agreeing: number
  levels: number
  adopted: number
  private readonly book: LevelBook

  constructor() {
    this.rows = 0
    this.agreeing = 0
    this.levels = 0
    this.adopted = 0
    this.book = new LevelBook()
  }

  /** Applies a message and compares with the row published for it. An unreadable message is one that agrees with nothing. */
  next(row: LobsterRow, published: readonly number[]): void {
    this.rows++
    if (this.rows === 1) this.open(published)
    else if (E.isRight(row)) this.apply(row.right)
    let agrees = E.isRight(row) && published.length === this.levels * LEVEL_COLUMNS
    for (const side of SIDES) agrees = this.matches(side, published) && agrees
    if (agrees) this.agreeing++
  }

  /** The first row is the opening book: its message is already in it. */
  private open(published: readonly number[]): void {
    this.levels = Math.floor(published.length / LEVEL_COLUMNS)
    for (const side of SIDES) {
      for (let level = 0; level < this.levels; level++)
        this.book.set(side, priceAt(published, side, level), sizeAt(published, side, level))
    }
  }

  private apply({ type, size, price, direction }: LobsterMessage): void {
    if (type > MessageType.execution) return
    this.book.add(
      direction === 1 ? Side.buy : Side.sell,
      price,
      type === MessageType.submission ? size : -size,
    )
  }

  private matches(side: number, published: readonly number[]): boolean {
    const { book, levels } = this
    book.trim(side, levels)
    let there = 0
    while (there < levels && sizeAt(published, side, there) > 0) there++
    if (book.levelCount(side) === there - 1) {
      book.set(side, priceAt(published, side, there - 1), sizeAt(published, side, there - 1))
      this.adopted++
    }
    const depth = book.depth(side, levels)
    return (
      depth.length === there &&
      depth.every(
        ({ priceTicks, lots }, i) =>
          priceTicks === priceAt(published, side, i) && lots === sizeAt(published, side, i),
      )
    )
  }
}

/** The rows of an orderbook file, in order. @throws Error that names the file, if it cannot be read at all */
export async function* readBookRows(path: string): AsyncGenerator<readonly number[], void> {
  for await (const { lines } of readLines(path)) {
    for (const line of lines) if (line !== '') yield line.split(',').map(Number)
  }
}

function priceAt(row: readonly number[], side: number, level: number): number {
  return row[level * LEVEL_COLUMNS + (side === Side.sell ? 0 : 2)] ?? 0
}

function sizeAt(row: readonly number[], side: number, level: number): number {
  return row[level * LEVEL_COLUMNS + (side === Side.sell ? 1 : 3)] ?? 0
}
