import test from 'ava'
import { Arena } from '../../src/memory/arena.ts'

const PAGE_WORDS = 16_384

test('arena - it starts as whole pages of zeros', (t) => {
  const arena = new Arena(PAGE_WORDS + 1)
  t.is(arena.words.length, 2 * PAGE_WORDS)
  t.is(arena.bytes, 8 * PAGE_WORDS)
  t.true(arena.words.every((word) => word === 0))
})

test('arena - room that is there already changes nothing', (t) => {
  const arena = new Arena(100)
  const { words } = arena
  t.true(arena.reserve(PAGE_WORDS))
  t.is(arena.words, words)
})

test('arena - an old view sees what is written through the new one, and the reverse', (t) => {
  const arena = new Arena(1)
  const old = arena.words
  old[5] = 55
  t.true(arena.reserve(PAGE_WORDS * 40))
  t.not(arena.words, old)
  t.is(old.length, PAGE_WORDS)
  t.is(arena.words[5], 55)
  arena.words[5] = 56
  t.is(old[5], 56)
  old[PAGE_WORDS - 1] = 57
  t.is(arena.words[PAGE_WORDS - 1], 57)
})

test('arena - what growth adds is zero', (t) => {
  const arena = new Arena(1)
  arena.words.fill(-1)
  arena.reserve(PAGE_WORDS * 3)
  t.true(arena.words.subarray(PAGE_WORDS).every((word) => word === 0))
})

test('arena - it grows by an eighth of what it has, so that small steps do not add up', (t) => {
  const arena = new Arena(PAGE_WORDS * 80)
  arena.reserve(PAGE_WORDS * 80 + 1)
  t.is(arena.words.length, PAGE_WORDS * 90)
  arena.reserve(PAGE_WORDS * 200)
  t.is(arena.words.length, PAGE_WORDS * 200, 'a larger need is met whole')
})

test('arena - beyond 4 GiB there is no more, and what is there stays', (t) => {
  const arena = new Arena(1)
  const { words } = arena
  t.false(arena.reserve(2 ** 30 + 1))
  t.is(arena.words, words)
})
