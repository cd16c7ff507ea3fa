import { Heap, Pool } from '../../memory/heap.ts'
import type { EventBatch } from './heap-batch.ts'
import { startKernel, type Kernel } from './kernel.ts'
import { NODE_WORDS } from './ladder-layout.ts'
import { LEVEL_WORDS } from './level.ts'
import { ORDER_WORDS } from './order.ts'
import { OrderIndex } from './order-index.ts'
import { LEVELS_POOL, NODES_POOL, ORDERS_POOL, SHARED_END, SHARED_FROM } from './shared-words.ts'

/**
 * A heap of orders, price levels and the nodes that these hang on, with the kernel that works on it.
 *
 * Each ladder side is a radix tree over the price: a node splits 5 bits of it 32 ways and keeps a bitmap of the ways
 * that are taken, so the next occupied level is found by counting zero bits and nothing is ever scanned. The
 * tree is only as high as the prices that are in it are far apart: one node for prices within 32 ticks, three for
 * 32,768, seven for all of them. Memory goes with the number of occupied levels, whatever the range between
 * them (at worst seven nodes of 144 bytes a level), and a side with no orders is 32 bytes.
 */
export class BookHeap extends Heap {
  readonly kernel: Kernel
  readonly orders: Pool
  readonly levels: Pool
  readonly nodes: Pool
  readonly index: OrderIndex

  /**
   * @param words how many to start with
   * @param ids how many orders to make room for in the index at first
   */
  constructor(words: number, ids = 0) {
    super(words)
    const shared = this.allocate(SHARED_END - SHARED_FROM)
    if (shared !== SHARED_FROM) throw new RangeError(`the shared words are at ${shared}`)
    this.kernel = startKernel(this.arena.memory, {
      extendPool: (at) => (this.poolAt(at).extend() ? 1 : 0),
      growIndex: () => this.index.grow(),
      endIndexGrowth: () => this.index.endGrowth(),
      growEvents: () => this.eventBatch().growLent(),
    })
    this.orders = new Pool(this, ORDER_WORDS, ORDERS_POOL)
    this.levels = new Pool(this, LEVEL_WORDS, LEVELS_POOL)
    this.nodes = new Pool(this, NODE_WORDS, NODES_POOL)
    this.index = new OrderIndex(ids, this, this.kernel)
  }

  /** Where the kernel writes events: of an engine alone. */
  protected eventBatch(): EventBatch {
    throw new RangeError('a heap without events')
  }

  private poolAt(at: number): Pool {
    return at === ORDERS_POOL ? this.orders : at === LEVELS_POOL ? this.levels : this.nodes
  }
}
