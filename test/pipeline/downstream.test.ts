import test from 'ava'
import { meetsBefore, type StageLink } from '../../src/pipeline/downstream.ts'

const stages = (...links: readonly [string, ...number[]][]): StageLink[] =>
  links.map(([operator, ...inputs]) => ({ operator, inputs }))

test('downstream - the one that is wanted must come first on every way', (t) => {
  t.true(meetsBefore(stages(['ai'], ['risk', 0], ['match', 1]), 0, 'risk', 'match'))
  t.false(meetsBefore(stages(['ai'], ['match', 0], ['risk', 1]), 0, 'risk', 'match'))
  t.true(meetsBefore(stages(['ai'], ['other', 0], ['risk', 1], ['match', 2]), 0, 'risk', 'match'))
  t.false(meetsBefore(stages(['risk'], ['ai', 0], ['match', 1]), 1, 'risk', 'match'))
})

test('downstream - where the way parts, each part counts', (t) => {
  const parted = stages(['ai'], ['left', 0], ['right', 0], ['risk', 1], ['match', 2, 3])
  t.false(meetsBefore(parted, 0, 'risk', 'match'))
  t.true(meetsBefore(parted, 1, 'risk', 'match'))
})

test('downstream - a way that comes to neither, or goes round in a ring, is no matter', (t) => {
  t.true(meetsBefore(stages(['ai'], ['publish', 0]), 0, 'risk', 'match'))
  t.true(meetsBefore(stages(['ai', 2], ['a', 0], ['b', 1]), 0, 'risk', 'match'))
})
