import { POOL_END, POOL_FREE_HEAD, POOL_TOP, POOL_USED } from '../../memory/pool-words.ts'
import { byteOf, wordOf } from './address.ts'
import { extendPool } from './host.ts'

/** A slot of a pool whose slots have so many bytes, or 0 when no memory is left. */
// @ts-ignore: decorator
@inline
export function take(pool: usize, slotBytes: usize): usize {
  const free = byteOf(load<i32>(pool, POOL_FREE_HEAD << 2))
  if (free != 0) {
    store<i32>(pool, load<i32>(free), POOL_FREE_HEAD << 2)
    store<i32>(pool, load<i32>(pool, POOL_USED << 2) + 1, POOL_USED << 2)
    return free
  }
  return takeFresh(pool, slotBytes)
}

function takeFresh(pool: usize, slotBytes: usize): usize {
  let top = load<i32>(pool, POOL_TOP << 2)
  if (top == load<i32>(pool, POOL_END << 2)) {
    if (extendPool(wordOf(pool)) == 0) return 0
    top = load<i32>(pool, POOL_TOP << 2)
  }
  store<i32>(pool, top + wordOf(slotBytes), POOL_TOP << 2)
  store<i32>(pool, load<i32>(pool, POOL_USED << 2) + 1, POOL_USED << 2)
  return byteOf(top)
}

// @ts-ignore: decorator
@inline
export function give(pool: usize, slot: usize): void {
  store<i32>(slot, load<i32>(pool, POOL_FREE_HEAD << 2))
  store<i32>(pool, wordOf(slot), POOL_FREE_HEAD << 2)
  store<i32>(pool, load<i32>(pool, POOL_USED << 2) - 1, POOL_USED << 2)
}
