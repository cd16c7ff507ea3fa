import test from 'ava'
import { ANY_INSTRUMENT } from '../../src/book/index.ts'
import { Details, REMEMBERED_DETAILS } from '../../src/pipeline/details.ts'
import { Names, OrderNames } from '../../src/pipeline/names.ts'

test('names - count from 1 as they come, and come back as they were', (t) => {
  const names = new Names()
  t.deepEqual(
    ['', 'alice', 'bob', 'alice'].map((name) => names.number(name)),
    [0, 1, 2, 1],
  )
  t.deepEqual(
    [0, 1, 2, 3].map((number) => names.text(number)),
    ['', 'alice', 'bob', '3'],
  )
})

test('order names - are found by name and by number', (t) => {
  const names = new OrderNames(() => ANY_INSTRUMENT)
  t.is(names.find('a'), 0)
  t.is(names.number('a'), 1)
  t.is(names.number('b', 3), 2)
  t.is(names.number('a'), 1)
  t.is(names.find('b'), 2)
  t.is(names.text(2), 'b')
  t.is(names.text(9), '9')
})

test('order names - know the instrument that the order is in', (t) => {
  const live = new Map<number, number>()
  const names = new OrderNames((number) => live.get(number) ?? ANY_INSTRUMENT)
  const order = names.number('a', 3)
  t.is(names.instrument(order), 3)
  t.is(names.instrument(9), ANY_INSTRUMENT)
  t.is(names.instrument(names.number('b')), ANY_INSTRUMENT)
  names.number('a', 4)
  t.is(names.instrument(order), 4, 'an order that is gone leaves its name to another')
  live.set(order, 4)
  names.number('a', 5)
  t.is(names.instrument(order), 4, 'a second order of the name will be refused')
})

test('order names - are shared once orders of one name have asked for two instruments', (t) => {
  const names = new OrderNames(() => ANY_INSTRUMENT)
  const order = names.number('a')
  names.number('a', 3)
  names.number('a', 3)
  t.false(names.isShared(order))
  names.number('a', 4)
  t.true(names.isShared(order))
  t.false(names.isShared(99))
})

test('order names - of orders that are gone the oldest are forgotten, with their instruments', (t) => {
  const live = new Set([1, 3])
  const names = new OrderNames((number) => (live.has(number) ? number : ANY_INSTRUMENT), 4)
  for (let i = 1; i <= 40; i++) names.number(`n${i}`, i)
  const known = Array.from({ length: 40 }, (_, i) => i + 1).filter((i) => names.find(`n${i}`) !== 0)
  t.deepEqual(known, [1, 3, 39, 40])
  t.deepEqual(
    known.map((number) => names.instrument(number)),
    known,
  )
  t.is(names.instrument(2), ANY_INSTRUMENT)
  t.is(names.text(2), '2')
})

test('details - of the latest commands are kept, and no more', (t) => {
  const details = new Details()
  const detail = { line: 1, column: 2, text: 'what', id: 'a' }
  details.set(7, detail)
  t.is(details.find(7), detail)
  t.is(details.find(8), undefined)
  t.is(details.find(7 + REMEMBERED_DETAILS), undefined)
  details.set(7 + REMEMBERED_DETAILS, detail)
  t.is(details.find(7), undefined)
})
