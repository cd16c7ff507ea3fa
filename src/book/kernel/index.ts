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

/**
 * A link of the index: the slot of an order, which is a multiple of 16 words, with four bits of its own.
 *
 *  bit
 *   0     more  there may be another order behind this one
 *   1-3   tag   of its hash: an order with another tag has another id
 *
 * A bucket's link is in the table, that of the next order in the one before. So most ids that are not there are seen to
 * be not there without a look at an order, which no cache may hold.
 */
const LINK_MORE = 1
const LINK_TAG = 14
const LINK_SLOT = ~15

/** Buckets that an insert carries over. */
const CARRY = 32

/** Equal ids have equal keys: its low half where the high one is 0, as in most. */
// @ts-ignore: decorator
@inline
function keyOf(id: i64): i32 {
  return <i32>id ^ (<i32>(id >> 32) * 0x85eb_ca6b)
}

/**
 * Fibonacci hashing (Knuth, TAOCP 3, 6.4) of the key without its last three bits, which stay as they are: eight ids in a
 * row share a cache line, and ids are mostly given out in sequence.
 */
// @ts-ignore: decorator
@inline
function hashOf(key: i32): i32 {
  const group = (key >>> 3) * 0x9e37_79b1
  return group ^ (group >>> 15)
}

/** The bits of a hash that no bucket number has. */
// @ts-ignore: decorator
@inline
function tagOf(hash: i32): i32 {
  return (hash >>> 28) & LINK_TAG
}

// @ts-ignore: decorator
@inline
function bucketIn(table: i32, mask: i32, key: i32, hash: i32): usize {
  return byteOf(table + (((hash << 3) | (key & 7)) & mask))
}

/** The bucket of an id. */
// @ts-ignore: decorator
@inline
export function bucketOf(key: i32, hash: i32): usize {
  return bucketIn(load<i32>(INDEX_BUCKETS << 2), load<i32>(INDEX_MASK << 2), key, hash)
}

function oldBucketOf(key: i32, hash: i32): usize {
  return bucketIn(load<i32>(INDEX_OLD << 2), load<i32>(INDEX_OLD_MASK << 2), key, hash)
}

/** What the bucket of an id has. */
// @ts-ignore: decorator
@inline
export function firstLink(id: i64): i32 {
  const key = keyOf(id)
  return load<i32>(bucketOf(key, hashOf(key)))
}

/** The order that a link leads to. */
// @ts-ignore: decorator
@inline
export function orderOf(link: i32): usize {
  return byteOf(link & LINK_SLOT)
}

/** The live order with an id, or 0. */
// @ts-ignore: decorator
@inline
export function find(id: i64): usize {
  const key = keyOf(id)
  const hash = hashOf(key)
  const order = findIn(load<i32>(bucketOf(key, hash)), id, tagOf(hash))
  if (order != 0 || load<i32>(INDEX_OLD << 2) == 0) return order
  return findIn(load<i32>(oldBucketOf(key, hash)), id, tagOf(hash))
}

// @ts-ignore: decorator
@inline
function findIn(first: i32, id: i64, tag: i32): usize {
  let link = first
  while (link != 0) {
    const order = orderOf(link)
    if ((link & LINK_TAG) == tag && load<i64>(order, ORDER_ID_LOW << 2) == id) return order
    if ((link & LINK_MORE) == 0) return 0
    link = load<i32>(order, ORDER_CHAIN << 2)
  }
  return 0
}

/** Adds an order whose id is not in the index. */
// @ts-ignore: decorator
@inline
export function insert(id: i64, order: usize): void {
  if (load<i32>(INDEX_OLD << 2) != 0) carryOver()
  else if (load<i32>(INDEX_IDS << 2) * 2 > load<i32>(INDEX_MASK << 2)) growIndex()
  const key = keyOf(id)
  const hash = hashOf(key)
  putFirst(bucketOf(key, hash), order, tagOf(hash))
  store<i32>(INDEX_IDS << 2, load<i32>(INDEX_IDS << 2) + 1)
}

// @ts-ignore: decorator
@inline
function putFirst(bucket: usize, order: usize, tag: i32): void {
  const behind = load<i32>(bucket)
  store<i32>(order, behind, ORDER_CHAIN << 2)
  store<i32>(bucket, wordOf(order) | tag | i32(behind != 0))
}

/** Takes out an order that is in the index. */
// @ts-ignore: decorator
@inline
export function remove(id: i64, order: usize): void {
  const key = keyOf(id)
  const hash = hashOf(key)
  store<i32>(INDEX_IDS << 2, load<i32>(INDEX_IDS << 2) - 1)
  const bucket = bucketOf(key, hash)
  if (orderOf(load<i32>(bucket)) == order) store<i32>(bucket, load<i32>(order, ORDER_CHAIN << 2))
  else if (!unchain(bucket, order)) unchain(oldBucketOf(key, hash), order)
}

/** Takes an order out of the chain of a bucket. Returns false if it is not there. */
function unchain(bucket: usize, order: usize): bool {
  let at = bucket
  while (load<i32>(at) != 0) {
    const each = orderOf(load<i32>(at))
    if (each == order) {
      store<i32>(at, load<i32>(order, ORDER_CHAIN << 2))
      return true
    }
    at = each + (ORDER_CHAIN << 2)
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
    let link = load<i32>(from)
    store<i32>(from, 0)
    while (link != 0) {
      const order = orderOf(link)
      link = load<i32>(order, ORDER_CHAIN << 2)
      const key = keyOf(load<i64>(order, ORDER_ID_LOW << 2))
      const hash = hashOf(key)
      putFirst(bucketOf(key, hash), order, tagOf(hash))
    }
  }
  store<i32>(INDEX_CARRIED << 2, end)
  if (end == buckets) endIndexGrowth()
}
