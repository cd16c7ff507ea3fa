import * as heapNames from '../memory/heap.ts'
import { PairIndex } from './pair-index.ts'
import * as pairs from './pair-index.ts'
import * as rows from './rows.ts'

// Bound here so that V8 folds them into the code (ARCHITECTURE.md, 'Constants on the hot path').
const { Heap, NONE } = heapNames
const { CLIENT_CAPACITY, CLIENT_POSITIONS, CLIENT_REJECT_WINDOW, CLIENT_TOKENS_AT, ROW_WORDS } = rows
const { ROW_INSTRUMENT } = pairs
/** This module's own: V8 folds them. */
const [CLIENT_OF, INSTRUMENT_OF, OF_CLIENT] = [1, 2, -1] as const

/** As many positions are found by going through them; a client that has more has them in an index. */
const FEW = 16
const FIRST_CAPACITY = 4
/** Blocks that have been outgrown, by the power of two that their capacity is. */
const SIZES = 32

/** How many clients and positions to make room for at first; more are taken as they come. */
export interface RiskRoom {
  readonly clients?: number | undefined
  readonly positions?: number | undefined
}

/**
 * Clients and their positions, as rows of one heap (rows.ts draws them). A client and its positions lie in one block, the
 * client's row first, so that what an order needs of them is in a few cache lines behind one another. A block that is full
 * is copied into one of twice the capacity: the rows of a client move when it comes to a new instrument, and nobody keeps one
 * across that.
 */
export class RowStore extends Heap {
  readonly clients: PairIndex
  /** Positions of clients that have many. */
  readonly positions: PairIndex
  /** How many positions there are. */
  positionCount: number
  /** First of the outgrown blocks of each capacity; word 0 of each is the next. */
  private readonly outgrown: Int32Array
  /** The position asked for last. */
  private latestClient: number
  private latestInstrument: number
  private latestRow: number

  constructor({ clients = 256, positions = 1_024 }: RiskRoom = {}) {
    super((clients + positions) * ROW_WORDS)
    this.clients = new PairIndex(this, clients)
    this.positions = new PairIndex(this, 64)
    this.positionCount = 0
    this.outgrown = new Int32Array(SIZES)
    this.latestClient = this.latestInstrument = -1
    this.latestRow = NONE
  }

  /** The row of a client, made at its first use. */
  client(client: number): number {
    const row = this.clients.find(client, OF_CLIENT)
    return row === NONE ? this.addClient(client) : row
  }

  /** The row of a client's position in an instrument, made at its first use. All rows of the client may move then. */
  position(client: number, instrument: number): number {
    // An order and what becomes of it come one behind the other.
    if (client === this.latestClient && instrument === this.latestInstrument) return this.latestRow
    const owner = this.client(client)
    const found = this.positionOf(owner, instrument)
    const row = found === NONE ? this.addPosition(owner, instrument) : found
    this.latestClient = client
    this.latestInstrument = instrument
    this.latestRow = row
    return row
  }

  /** The same, or NONE where there is none. */
  findPosition(client: number, instrument: number): number {
    const owner = this.clients.find(client, OF_CLIENT)
    return owner === NONE ? NONE : this.positionOf(owner, instrument)
  }

  /** All positions, by client and then by instrument. */
  positionRows(): number[] {
    const { words } = this
    return this.clients.sorted().flatMap((owner) => {
      const own = Array.from(
        { length: words[owner + CLIENT_POSITIONS]! },
        (_, i) => owner + (i + 1) * ROW_WORDS,
      )
      return own.sort((a, b) => words[a + ROW_INSTRUMENT]! - words[b + ROW_INSTRUMENT]!)
    })
  }

  private positionOf(owner: number, instrument: number): number {
    const { words } = this
    const count = words[owner + CLIENT_POSITIONS]!
    if (count > FEW) return this.positions.find(words[owner + CLIENT_OF]!, instrument)
    const end = owner + count * ROW_WORDS
    for (let row = owner + ROW_WORDS; row <= end; row += ROW_WORDS)
      if (words[row + INSTRUMENT_OF] === instrument) return row
    return NONE
  }

  private addClient(client: number): number {
    const row = this.takeBlock(0)
    this.words[row + CLIENT_OF] = client
    this.words[row + INSTRUMENT_OF] = OF_CLIENT
    this.totals[(row >> 1) + CLIENT_TOKENS_AT] = -1
    this.totals[(row >> 1) + CLIENT_REJECT_WINDOW] = -1
    this.begin(row)
    this.clients.insert(row)
    return row
  }

  private addPosition(before: number, instrument: number): number {
    const count = this.words[before + CLIENT_POSITIONS]!
    const owner = count === this.words[before + CLIENT_CAPACITY] ? this.widen(before, count) : before
    const row = owner + (count + 1) * ROW_WORDS
    const { words } = this
    const client = words[owner + CLIENT_OF]!
    words.fill(0, row, row + ROW_WORDS)
    words[row + CLIENT_OF] = client
    words[row + INSTRUMENT_OF] = instrument
    words[owner + CLIENT_POSITIONS] = count + 1
    this.begin(row)
    this.positionCount++
    if (count === FEW)
      for (let each = 1; each <= count; each++) this.positions.insert(owner + each * ROW_WORDS)
    if (count >= FEW) this.positions.insert(row)
    return row
  }

  /** A row is new: for who counts days by rows. */
  protected begin(_row: number): void {}

  /** Copies a full block into one of twice the capacity. Returns where it is then. */
  private widen(owner: number, count: number): number {
    const next = this.takeBlock(Math.max(FIRST_CAPACITY, count * 2))
    const { words } = this
    const capacity = words[next + CLIENT_CAPACITY]!
    words.copyWithin(next, owner, owner + ROW_WORDS)
    words[next + CLIENT_CAPACITY] = capacity
    this.clients.move(owner, next)
    // Row by row: the chain of one may run through another, which must not have been copied before that is set right.
    for (let each = ROW_WORDS; each <= count * ROW_WORDS; each += ROW_WORDS) {
      words.copyWithin(next + each, owner + each, owner + each + ROW_WORDS)
      if (count > FEW) this.positions.move(owner + each, next + each)
    }
    const size = 32 - Math.clz32(count)
    words[owner] = this.outgrown[size]!
    this.outgrown[size] = owner
    this.latestClient = this.latestInstrument = -1
    return next
  }

  /** Room for a client and so many positions: an outgrown block, or a new one. Its client's row is zero. */
  private takeBlock(capacity: number): number {
    const size = 32 - Math.clz32(capacity)
    let block = this.outgrown[size]!
    if (block === NONE) {
      block = this.allocate((capacity + 1) * ROW_WORDS)
      if (block === NONE) throw new Error('risk: no memory is left for another client or position')
    } else this.outgrown[size] = this.words[block]!
    this.words.fill(0, block, block + ROW_WORDS)
    this.words[block + CLIENT_CAPACITY] = capacity
    return block
  }
}
