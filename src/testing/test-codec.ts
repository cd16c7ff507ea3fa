import * as t from 'io-ts'
import { Codec, flag, listOf, mapOf, options, text, wholeNumber } from '../pipeline/codec.ts'

/** What a `*.test.yaml` file may say. docs/testing-pipelines.md explains it. */

const UNITS_MS: Readonly<Record<string, number>> = { us: 1e-3, ms: 1, s: 1e3, m: 60e3 }

/** A duration such as `5ms`, in milliseconds. */
export const durationMs: Codec<number> = new Codec<number>(
  'a duration such as 250us, 5ms or 30s',
  (value, context) => {
    const match = typeof value === 'string' ? /^(\d+(?:\.\d+)?) ?(us|ms|s|m)$/.exec(value) : null
    if (match !== null) return t.success(Number(match[1]) * UNITS_MS[match[2]!]!)
    return value === 0 ? t.success(0) : t.failure(value, context)
  },
  { kind: 'text' },
)

/** Bounds on a number that was counted or measured; both inclusive. */
export interface Bounds {
  readonly atLeast: number
  readonly atMost: number
}

/** A number that must be exactly so, or bounds on one. */
function boundsOf(item: Codec<number>): Codec<Bounds> {
  const bounds = options({}, { atLeast: item, atMost: item })
  return new Codec<Bounds>(`${item.name}, or { atLeast, atMost }`, (value, context) => {
    if (typeof value !== 'object' || value === null) {
      const exact = item.validate(value, context)
      return exact._tag === 'Left'
        ? t.failure(value, context)
        : t.success({ atLeast: exact.right, atMost: exact.right })
    }
    const read = bounds.validate(value, context)
    if (read._tag === 'Left') return read
    const { atLeast = -Infinity, atMost = Infinity } = read.right
    if (atLeast === -Infinity && atMost === Infinity)
      return t.failure(value, context, 'expected atLeast, atMost or both')
    return t.success({ atLeast, atMost })
  })
}

const count = boundsOf(wholeNumber({ min: 0 }))
const duration = boundsOf(durationMs)

/** An event of which only the keys given are compared. */
const event: Codec<Readonly<Record<string, unknown>>> = new Codec('an event as a map', (value, context) => {
  const isMap = typeof value === 'object' && value !== null && !Array.isArray(value)
  if (!isMap || Object.keys(value).length === 0)
    return t.failure(value, context, 'expected an event such as { event: trade, price: 10.05 }')
  return t.success(value as Readonly<Record<string, unknown>>)
})

const events = listOf(event)
const ofOutput = { events, contains: events, absent: events }

const expectations = options(
  {},
  {
    ...ofOutput,
    /** Whether keys of events that are not given must not be there. */
    exact: flag,
    outputs: mapOf(options({}, ofOutput)),
    rejects: new Codec<readonly string[] | Readonly<Record<string, Bounds>>>(
      'a list of reject codes, or a map of counts',
      (value, context) =>
        Array.isArray(value) ? listOf(text).validate(value, context) : mapOf(count).validate(value, context),
    ),
    commands: count,
    counts: mapOf(count),
    drops: new Codec<Bounds | Readonly<Record<string, Bounds>>>(
      'a number, or a map of numbers by FROM->TO',
      (value, context) => {
        const isBounds =
          typeof value === 'object' && value !== null && ('atLeast' in value || 'atMost' in value)
        return typeof value !== 'object' || value === null || isBounds
          ? count.validate(value, context)
          : mapOf(count).validate(value, context)
      },
    ),
    edges: mapOf(options({}, { highWater: count, depth: count, offered: count, dropped: count })),
    latency: options({}, { min: duration, p50: duration, p99: duration, max: duration }),
    took: duration,
    deadLetters: count,
    fails: text,
  },
)

export type Expectations = t.TypeOf<typeof expectations>

/** The least that a test must expect, or it could not fail. */
const someExpectations = new Codec<Expectations>('what is expected', (value, context) => {
  const read = expectations.validate(value, context)
  const isEmpty = read._tag === 'Right' && Object.keys(read.right).every((key) => key === 'exact')
  return isEmpty ? t.failure(value, context, 'expects nothing, so it could not fail') : read
})

/** What stands in for a stage. */
const mock = options(
  {},
  {
    /** Of a source: what it gives, instead of what it would read. */
    records: t.unknown,
    /** How long a batch takes in it, in virtual time. */
    delay: durationMs,
    /** With what it fails, */
    fails: text,
    /** so many times. By default always. */
    times: wholeNumber({ min: 1 }),
    /** Whether it does what it does in earnest: a sink that writes, say. */
    real: flag,
  },
)

export type Mock = t.TypeOf<typeof mock>

export const testCase = options(
  { name: text, expect: someExpectations },
  {
    given: t.unknown,
    mocks: mapOf(mock),
    set: listOf(text),
    variables: mapOf(text),
  },
)

export type TestCase = t.TypeOf<typeof testCase>

export const testFile = options(
  { pipeline: text, tests: listOf(t.unknown) },
  {
    profile: text,
    set: listOf(text),
    variables: mapOf(text),
    start: new Codec<number>('a UTC time such as 2026-01-05T09:30:00Z', (value, context) => {
      const ms = typeof value === 'string' && /^\d{4}-\d\d-\d\dT.*Z$/.test(value) ? Date.parse(value) : NaN
      return Number.isNaN(ms) ? t.failure(value, context) : t.success(ms)
    }),
  },
)
