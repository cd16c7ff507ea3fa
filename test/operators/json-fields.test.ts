import test from 'ava'
import fc from 'fast-check'
import { JsonFields } from '../../src/operators/orders/json-fields.ts'
import { FIELD_NAMES, OrderFields } from '../../src/operators/orders/order-fields.ts'

test('any JSON - what JSON.parse reads is read the same, and what it refuses is refused', (t) => {
  const fields = new OrderFields()
  const json = new JsonFields(fields)
  const key = fc.constantFrom(...FIELD_NAMES)
  const value = fc.oneof(
    fc.string({ unit: 'grapheme' }),
    fc.string({ unit: 'binary' }),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.integer(),
    fc.constantFrom(null, true, false),
  )
  const space = fc.constantFrom('', '', ' ', '\t ')
  const text = fc.tuple(fc.array(fc.tuple(key, value)), space).map(([pairs, s]) => {
    const members = pairs.map(
      ([name, value]) => `${s}${JSON.stringify(name)}${s}:${s}${JSON.stringify(value)}`,
    )
    return `${s}{${members.join(`${s},`)}${s}}${s}`
  })
  const mangled = fc
    .tuple(text, fc.nat(), fc.constantFrom(...'{}[]",:\\u0eE+-. \u0001x'.split(''), ''), fc.nat(2))
    .map(([text, at, by, length]) => {
      const from = at % (text.length + 1)
      return text.slice(0, from) + by + text.slice(from + length)
    })
  fc.assert(
    fc.property(fc.oneof(text, mangled), fc.string(), (text, before) => {
      fields.clear()
      json.read(before + text + before, before.length, before.length + text.length)
      const expected = flatObject(text)
      if (expected === undefined) t.not(fields.code, 0, text)
      else {
        t.is(fields.code, 0, `${text}: ${fields.detail}`)
        for (const [place, name] of FIELD_NAMES.entries()) {
          const got = fields.values[place]
          const bare = got !== undefined && fields.bare[place] === 1
          const parsed: unknown = bare ? JSON.parse(got) : got
          t.deepEqual(parsed, expected[name])
        }
      }
    }),
    { numRuns: 3_000 },
  )
})

/** What JSON.parse makes of text, if it is an object of known keys without objects and lists in it. */
function flatObject(text: string): Record<string, unknown> | undefined {
  try {
    const value = JSON.parse(text) as unknown
    if (value === null || typeof value !== 'object' || Array.isArray(value)) return undefined
    if (Object.values(value).some((member) => typeof member === 'object' && member !== null)) return undefined
    if (Object.keys(value).some((key) => !(FIELD_NAMES as readonly string[]).includes(key))) return undefined
    return value as Record<string, unknown>
  } catch {
    return undefined
  }
}
