import {
  INDEX_BUCKETS,
  INDEX_CARRIED,
  INDEX_IDS,
  INDEX_MASK,
  INDEX_OLD,
  INDEX_OLD_MASK,
} from '../state/shared-words.ts'
import { ORDER_CHAIN, ORDER_ID_LOW } from '../state/order.ts'
import { byteOf, wordOf } from './address.ts'
import { endIndexGrowth, growIndex } from './host.ts'

/** Buckets that an insert carries over. */
const CARRY = 32

/** Where an id belongs, see memory/id-hash.ts; to be masked. */
export function hashOf(id: i64): i32 {
  const key = (<i32>id) ^ (<i32>(id >> 32) * 0x85eb_ca6b)
  const group = (key >>> 3) * 0x9e37_79b1
  return ((group ^ (group >>> 15)) << 3) | (key & 7)
}

function bucketOf(hash: i32): usize {
  return byteOf(load<i32>(INDEX_BUCKETS << 2) + (hash & load<i32>(INDEX_MASK << 2)))
}

function oldBucketOf(hash: i32): usize {
  return byteOf(load<i32>(INDEX_OLD << 2) + (hash & load<i32>(INDEX_OLD_MASK << 2)))
}

/** The live order with an id, or 0. */
export function find(id: i64): usize {
  const hash = hashOf(id)
  const order = findIn(bucketOf(hash), id)
  if (order != 0 || load<i32>(INDEX_OLD << 2) == 0) return order
  return findIn(oldBucketOf(hash), id)
}

function findIn(bucket: usize, id: i64): usize {
  let order = byteOf(load<i32>(bucket))
  while (order != 0 && load<i64>(order, ORDER_ID_LOW << 2) != id)
    order = byteOf(load<i32>(order, ORDER_CHAIN << 2))
  return order
}

/** Adds an order whose id is not in the index. */
export function insert(id: i64, order: usize): void {
  if (load<i32>(INDEX_OLD << 2) != 0) carryOver()
  else if (load<i32>(INDEX_IDS << 2) * 2 > load<i32>(INDEX_MASK << 2)) growIndex()
  const bucket = bucketOf(hashOf(id))
  store<i32>(order, load<i32>(bucket), ORDER_CHAIN << 2)
  store<i32>(bucket, wordOf(order))
  store<i32>(INDEX_IDS << 2, load<i32>(INDEX_IDS << 2) + 1)
}

/** Takes out an order that is in the index. */
export function remove(id: i64, order: usize): void {
  const hash = hashOf(id)
  const next = load<i32>(order, ORDER_CHAIN << 2)
  store<i32>(INDEX_IDS << 2, load<i32>(INDEX_IDS << 2) - 1)
  const bucket = bucketOf(hash)
  if (load<i32>(bucket) == wordOf(order)) store<i32>(bucket, next)
  else if (!unchain(bucket, order, next)) unchain(oldBucketOf(hash), order, next)
}

/** Takes an order out of the chain of a bucket. Returns false if it is not there. */
function unchain(bucket: usize, order: usize, next: i32): bool {
  const slot = wordOf(order)
  if (load<i32>(bucket) == slot) {
    store<i32>(bucket, next)
    return true
  }
  let before = byteOf(load<i32>(bucket))
  while (before != 0) {
    if (load<i32>(before, ORDER_CHAIN << 2) == slot) {
      store<i32>(before, next, ORDER_CHAIN << 2)
      return true
    }
    before = byteOf(load<i32>(before, ORDER_CHAIN << 2))
  }
  return false
}

/** Carries a few buckets over. Done long before the new table is full: it needs one insert for 32 old buckets. */
function carryOver(): void {
  const old = load<i32>(INDEX_OLD << 2)
  const buckets = load<i32>(INDEX_OLD_MASK << 2) + 1
  let at = load<i32>(INDEX_CARRIED << 2)
  const end = min(at + CARRY, buckets)
  for (; at < end; at++) {
    const from = byteOf(old + at)
    let order = byteOf(load<i32>(from))
    store<i32>(from, 0)
    while (order != 0) {
      const next = byteOf(load<i32>(order, ORDER_CHAIN << 2))
      const bucket = bucketOf(hashOf(load<i64>(order, ORDER_ID_LOW << 2)))
      store<i32>(order, load<i32>(bucket), ORDER_CHAIN << 2)
      store<i32>(bucket, wordOf(order))
      order = next
    }
  }
  store<i32>(INDEX_CARRIED << 2, end)
  if (end == buckets) endIndexGrowth()
}
