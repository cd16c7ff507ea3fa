import test from 'ava'
import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import * as t from 'io-ts'
import {
  decimal,
  decodeProblems,
  flag,
  listOf,
  mapOf,
  numberBetween,
  oneOf,
  options,
  positiveDecimal,
  show,
  text,
  variant,
  wholeNumber,
} from '../../src/pipeline/codec.ts'

/** What a codec says against a value, a line a problem: `path (key): message`. */
function told(codec: t.Mixed, value: unknown): string[] {
  const decoded = codec.decode(value)
  if (E.isRight(decoded)) return []
  return decodeProblems(decoded.left).map(
    ({ path, of, message }) => `${path.join('.')}${of === 'key' ? ' (key)' : ''}: ${message}`,
  )
}

function decoded<A>(codec: t.Type<A, unknown>, value: unknown): A | undefined {
  const result = codec.decode(value)
  return E.isRight(result) ? result.right : undefined
}

const limits = options(
  { maxOrderLots: wholeNumber({ min: 1 }) },
  { collarTicks: wholeNumber({ min: 0, max: 500 }) },
)

test('codec - options keeps the keys it knows and leaves out the optional ones that are not there', (t) => {
  t.deepEqual(decoded(limits, { maxOrderLots: 5 }), { maxOrderLots: 5 })
  t.deepEqual(decoded(limits, { maxOrderLots: 5, collarTicks: 0 }), { maxOrderLots: 5, collarTicks: 0 })
  t.deepEqual(decoded(limits, { maxOrderLots: 5, collarTicks: undefined }), { maxOrderLots: 5 })
})

test('codec - options tells of every error at once, an unknown key at the key itself', (t) => {
  t.deepEqual(told(limits, { maxOrderLots: 'ten', collarTicks: 501, colarTicks: 1, zebra: 2 }), [
    'maxOrderLots: expected a whole number above 0, got "ten"',
    'collarTicks: expected a whole number from 0 to 500, got 501',
    'colarTicks (key): unknown key, expected one of maxOrderLots, collarTicks: did you mean collarTicks?',
    'zebra (key): unknown key, expected one of maxOrderLots, collarTicks',
  ])
  t.deepEqual(told(options({}), { a: 1 }), ['a (key): unknown key, expected none'])
})

test('codec - a required key that is missing says what it should be', (t) => {
  t.deepEqual(told(limits, {}), ['maxOrderLots: missing, expected a whole number above 0'])
  t.deepEqual(told(options({ any: flag }), {}), ['any: missing, expected true or false'])
})

test('codec - options refuses what is not a map', (t) => {
  for (const value of [null, [], 'x', 1])
    t.deepEqual(told(limits, value), [`: expected a map, got ${JSON.stringify(value)}`])
})

test('codec - keys that every object inherits are neither taken for given nor let through', (t) => {
  t.deepEqual(told(options({}, { constructor: text }), {}), [])
  t.deepEqual(told(options({}), JSON.parse('{ "__proto__": { "a": 1 } }')), [
    '__proto__ (key): unknown key, expected none',
  ])
  const map = decoded(mapOf(options({}, { a: wholeNumber() })), JSON.parse('{ "__proto__": { "a": 1 } }'))!
  t.deepEqual(Object.keys(map), ['__proto__'])
  t.is(({} as Record<string, unknown>)['a'], undefined)
  t.is(map['toString'], undefined)
})

test('codec - a whole number has its bounds in its message', (t) => {
  t.deepEqual(told(wholeNumber(), 1.5), [': expected a whole number, got 1.5'])
  t.deepEqual(told(wholeNumber({ min: 1 }), 0), [': expected a whole number above 0, got 0'])
  t.deepEqual(told(wholeNumber({ min: 0 }), -1), [': expected a whole number, 0 or above, got -1'])
  t.deepEqual(told(wholeNumber({ max: 7 }), 8), [': expected a whole number, 7 or below, got 8'])
  t.deepEqual(told(wholeNumber({ min: 1, max: 7 }), 8), [': expected a whole number from 1 to 7, got 8'])
  const lots = wholeNumber({ min: 1, max: 2 ** 31 - 1 })
  t.deepEqual(told(lots, 'ten'), [': expected a whole number above 0, got "ten"'])
  t.deepEqual(told(lots, 2 ** 31), [': expected a whole number from 1 to 2147483647, got 2147483648'])
  for (const value of [2 ** 53, NaN, Infinity, '5', true, null]) t.is(told(wholeNumber(), value).length, 1)
  for (const value of [1, 7]) t.is(decoded(wholeNumber({ min: 1, max: 7 }), value), value)
})

test('codec - a number between bounds may be either of them', (t) => {
  for (const value of [0, 0.5, 1]) t.is(decoded(numberBetween(0, 1), value), value)
  for (const value of [-0.1, 1.1, NaN])
    t.deepEqual(told(numberBetween(0, 1), value), [`: expected a number from 0 to 1, got ${value}`])
})

test('codec - a decimal is text however it was written', (t) => {
  t.is(decoded(decimal, '10.50'), '10.50')
  t.is(decoded(decimal, 0.05), '0.05')
  t.is(decoded(decimal, -3), '-3')
  t.is(decoded(decimal, 1e-7), '1e-7')
  t.deepEqual(told(decimal, 'ten'), [': expected a decimal number, got "ten"'])
  t.deepEqual(told(decimal, NaN), [': expected a decimal number, got NaN'])
  t.deepEqual(told(decimal, '12345678901234567890'), [
    ': expected a decimal number of at most 15 digits, got "12345678901234567890"',
  ])
  t.deepEqual(told(positiveDecimal, '0.00'), [': expected a decimal number above 0, got "0.00"'])
  t.deepEqual(told(positiveDecimal, -1), [': expected a decimal number above 0, got -1'])
  t.is(decoded(positiveDecimal, 0.01), '0.01')
})

test('codec - a number that becomes a decimal reads back as the same number', (t) => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
      const written = decoded(decimal, value)
      return written === undefined || Number(written) === value
    }),
  )
  t.pass()
})

test('codec - text, flags and choices refuse what only looks like them', (t) => {
  t.is(decoded(text, 'x'), 'x')
  t.deepEqual(told(text, ''), [': expected text, got ""'])
  t.deepEqual(told(text, 12), [': expected text (in quotes), got 12'])
  t.is(decoded(flag, false), false)
  t.deepEqual(told(flag, 'true'), [': expected true or false, got "true"'])
  t.is(decoded(oneOf('none', 'os', 'disk'), 'os'), 'os')
  t.deepEqual(told(oneOf('none', 'os', 'disk'), 'dsk'), [
    ': expected one of none, os, disk, got "dsk": did you mean disk?',
  ])
  t.deepEqual(told(oneOf('none', 'os'), 3), [': expected one of none, os, got 3'])
})

test('codec - lists and maps tell of every bad item by its place', (t) => {
  t.deepEqual(told(listOf(text), ['a', '', 'b', 3]), [
    '1: expected text, got ""',
    '3: expected text (in quotes), got 3',
  ])
  t.deepEqual(told(listOf(text), {}), [': expected a list, got {}'])
  t.deepEqual(told(mapOf(flag), { a: 1, '': true }), [
    'a: expected true or false, got 1',
    ' (key): expected a name here',
  ])
  t.deepEqual(decoded(listOf(flag), [true]), [true])
  t.deepEqual({ ...decoded(mapOf(flag), { a: true }) }, { a: true })
})

const from = variant({
  simulate: options({}, { seed: wholeNumber() }),
  lobster: options({ messages: text }),
  level: wholeNumber(),
})

test('codec - a variant takes exactly one key', (t) => {
  const value = decoded(from, { simulate: { seed: 7 } })!
  t.is(value.simulate?.seed, 7)
  t.is(value.lobster, undefined)
  t.deepEqual(told(from, {}), [': expected one of simulate, lobster, level, got {}'])
  t.deepEqual(told(from, { simulate: {}, level: 1 }), [
    ': expected only one of simulate, lobster, level, got {"simulate":{},"level":1}',
  ])
  t.deepEqual(told(from, { simulat: {} }), [
    'simulat (key): unknown key, expected one of simulate, lobster, level: did you mean simulate?',
  ])
  t.deepEqual(told(from, { simulate: { seed: 'x', sed: 1 } }), [
    'simulate.seed: expected a whole number, got "x"',
    'simulate.sed (key): unknown key, expected one of seed: did you mean seed?',
  ])
})

test('codec - a bare word is a variant with no settings, where it needs none', (t) => {
  t.deepEqual(decoded<unknown>(from, 'simulate'), { simulate: {} })
  t.deepEqual(told(from, 'lobster'), ['lobster.messages: missing, expected text'])
  t.deepEqual(told(from, 'level'), [': expected { level: a whole number }, got "level"'])
  t.deepEqual(told(from, 'lobstr'), [
    ': expected one of simulate, lobster, level, got "lobstr": did you mean lobster?',
  ])
  t.is(told(from, 'constructor').length, 1)
  t.is(told(from, '__proto__').length, 1)
})

test('codec - paths leave out the members of unions and intersections', (t) => {
  const codec = options({ both: bothOf, either: eitherOf })
  t.deepEqual(told(codec, { both: { a: 1 }, either: 1 }), [
    'both.a: expected string, got 1',
    'both.b: missing, expected string',
    'either: expected string, got 1',
    'either: expected boolean, got 1',
  ])
})

const bothOf = t.intersection([t.type({ a: t.string }), t.type({ b: t.string })])
const eitherOf = t.union([t.string, t.boolean])

test('codec - values are shown as JSON, shortened, and texts as the caller wants them', (t) => {
  t.is(show({ a: [1, 'x'] }), '{"a":[1,"x"]}')
  t.is(show('y'.repeat(100)).length, 60)
  t.true(show('y'.repeat(100)).endsWith('y...'))
  t.is(show(undefined), 'undefined')
  t.is(
    show({ a: 'secret' }, () => '${NAME}'),
    '{"a":"${NAME}"}',
  )
  const ring: unknown[] = []
  ring.push(ring)
  t.notThrows(() => show(ring))
})

test('codec - whatever the value, decoding gives a value or at least one problem', (t) => {
  const every = options({ from, limits: mapOf(limits) }, { price: decimal, names: listOf(text) })
  fc.assert(
    fc.property(fc.anything(), fc.anything(), (value, inner) => {
      for (const whole of [value, { from: value, limits: inner, price: inner, names: value }])
        if (E.isLeft(every.decode(whole)) && told(every, whole).length === 0) return false
      return true
    }),
  )
  t.pass()
})

test('codec - what was decoded decodes to itself', (t) => {
  const value = { from: 'simulate', limits: { a: { maxOrderLots: 1 } }, price: 0.05 }
  const codec = options({ from, limits: mapOf(limits), price: decimal })
  const once = decoded(codec, value)
  t.deepEqual(decoded(codec, once), once)
  t.true(codec.is(once))
  t.false(codec.is({}))
})
