import test from 'ava'
import * as fc from 'fast-check'
import { NONE, Slab } from '../../src/memory/slab.ts'

test('slab - slot 0 is never given out', (t) => {
  const slab = new Slab(8, 4)
  for (let i = 0; i < 10_000; i++) t.not(slab.take(), NONE)
})

test('slab - the slot given back last is taken first', (t) => {
  const slab = new Slab(8, 16)
  const [first, second, third] = [slab.take(), slab.take(), slab.take()]
  slab.give(second)
  slab.give(first)
  t.deepEqual([slab.take(), slab.take()], [first, second])
  t.is(slab.used, 3)
  t.is(slab.take(), third + 1)
})

test('slab - slots keep their words and never overlap while the slab grows many times', (t) => {
  const stride = 36
  const slab = new Slab(stride, 1)
  const before = slab.bytes
  const slots = Array.from({ length: 20_000 }, () => slab.take())
  slots.forEach((slot, i) => slab.words.fill(i + 1, slot * stride, (slot + 1) * stride))
  t.true(slab.bytes > before * 40, `${before} bytes became ${slab.bytes}`)
  for (const [i, slot] of slots.entries())
    for (let word = 0; word < stride; word++)
      if (slab.words[slot * stride + word] !== i + 1) t.fail(`slot ${slot}, word ${word}`)
  t.is(slab.used, slots.length)
  t.is(Math.max(...slots), slots.length)
})

test('slab - a view from before a growth still reads the slots it covers', (t) => {
  const slab = new Slab(16, 1)
  const slot = slab.take()
  const old = slab.words
  while (slab.words === old) slab.take()
  slab.words[slot * 16 + 3] = 77
  t.is(old[slot * 16 + 3], 77)
})

test('slab - no slot is held twice, whatever is taken and given', (t) => {
  const property = fc.property(fc.array(fc.nat(), { maxLength: 500, size: 'max' }), (choices) => {
    const slab = new Slab(4, 1)
    const held: number[] = []
    let most = 0
    let highest = 0
    for (const choice of choices) {
      if (choice % 3 === 0 && held.length > 0) slab.give(held.splice(choice % held.length, 1)[0]!)
      else held.push(slab.take())
      most = Math.max(most, held.length)
      highest = Math.max(highest, held.at(-1) ?? 0)
      if (slab.used !== held.length || new Set(held).size !== held.length) return false
    }
    return highest === most
  })
  fc.assert(property)
  t.pass()
})

test('slab - a slab at the end of memory gives NONE and counts nothing', (t) => {
  const slab = new Slab(16, 1)
  slab['arena'].reserve = () => false
  while (slab.used < slab.words.length / 16 - 1) t.not(slab.take(), NONE)
  const { used } = slab
  t.is(slab.take(), NONE)
  t.is(slab.used, used)
  slab.give(5)
  t.is(slab.take(), 5, 'a slot given back may be taken again')
})
