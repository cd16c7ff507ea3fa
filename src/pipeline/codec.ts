import * as E from 'fp-ts/lib/Either.js'
import * as t from 'io-ts'
import { parseDecimal } from '../book/decimal.ts'
import type { Notes, Props, Shape } from './codec-shape.ts'
import { aKey, type WithChoices } from './decode-problems.ts'
import { didYouMean } from './suggest.ts'

export { checked, decodeProblems, show, type DecodeProblem } from './decode-problems.ts'

/**
 * Codecs for what people write in a file. They differ from io-ts's own in that they report every error at once, refuse
 * keys they do not know, and are named after what they expect: `expected ${name}` is the message. They read only:
 * `encode` gives back what was decoded.
 */

/** Reads what people write. As `encode` does nothing, it fits wherever a wider type is read. */
export class Codec<A> extends t.Type<A, unknown> {
  declare readonly encode: t.Encode<unknown, unknown>
  /** What it takes, for schemas and completion. */
  readonly shape: Shape
  readonly notes: Notes

  constructor(name: string, validate: t.Validate<unknown, A>, shape: Shape = { kind: 'any' }) {
    super(
      name,
      (value): value is A => E.isRight(validate(value, [])),
      validate,
      (value) => value,
    )
    this.shape = shape
    this.notes = {}
  }

  /** The same codec with something to say about its key. Notes that it had stay where they are not given anew. */
  describe(description: string, notes: Omit<Notes, 'description'> = {}): this {
    const copy = Object.create(Object.getPrototypeOf(this) as object) as this
    return Object.assign(copy, this, { notes: { ...this.notes, ...notes, description } })
  }

  override asEncoder(): t.Encoder<unknown, unknown> {
    return this
  }
}

type NoProps = { readonly [K in never]: t.Mixed }
type Flat<A> = { readonly [K in keyof A]: A[K] }
type OptionsOf<R extends Props, O extends Props> = Flat<
  { [K in keyof R]: t.TypeOf<R[K]> } & { [K in keyof O]?: t.TypeOf<O[K]> }
>

/** A codec made by `options`: it knows its keys. */
export class OptionsType<A> extends Codec<A> {
  readonly keys: readonly string[]

  constructor(keys: readonly string[], validate: t.Validate<unknown, A>, shape?: Shape) {
    super('a map', validate, shape)
    this.keys = keys
  }
}

/** A map with some keys that must be there and some that may be; any other key is refused where it stands. */
export function options<R extends Props, O extends Props = NoProps>(
  required: R,
  optional: O = {} as O,
): OptionsType<OptionsOf<R, O>> {
  const keys = [...Object.keys(required), ...Object.keys(optional)]
  const shape: Shape = { kind: 'options', required, optional }
  const validate: t.Validate<unknown, OptionsOf<R, O>> = (value, context) => {
    if (!isMap(value)) return t.failure(value, context)
    const errors: t.Errors = []
    const decoded: Record<string, unknown> = {}
    for (const key of keys) {
      const field = Object.hasOwn(value, key) ? value[key] : undefined
      const isRequired = Object.hasOwn(required, key)
      const codec = isRequired ? required[key]! : optional[key]!
      const inner = t.appendContext(context, key, codec, field)
      if (field !== undefined)
        collect(codec.validate(field, inner), errors, (item) => {
          setOwn(decoded, key, item)
        })
      else if (isRequired) errors.push({ value: undefined, context: inner })
    }
    for (const key of Object.keys(value))
      if (!keys.includes(key)) errors.push(keyError(value[key], context, key, unknownKey(key, keys)))
    return errors.length > 0 ? t.failures(errors) : t.success(decoded as OptionsOf<R, O>)
  }
  return new OptionsType(keys, validate, shape)
}

/** What is said of a key that is none of those expected. */
export function unknownKey(key: string, expected: readonly string[]): string {
  if (expected.length === 0) return 'unknown key, expected none'
  return `unknown key, expected one of ${expected.join(', ')}${didYouMean(key, expected)}`
}

/**
 * A whole number between two bounds, both inclusive and both optional. An upper bound that only says what a record can
 * hold is told to those who pass it, and to nobody else.
 */
export function wholeNumber(bounds: { readonly min?: number; readonly max?: number } = {}): Codec<number> {
  const { min = -Infinity, max = Infinity } = bounds
  const name = wholeNumberName(min, max < MAX_INT32 ? max : Infinity)
  return codec(name, { kind: 'whole', min, max }, (value) => {
    if (!Number.isSafeInteger(value) || (value as number) < min) return E.left(undefined)
    return (value as number) > max
      ? E.left(`expected ${wholeNumberName(min, max)}`)
      : E.right(value as number)
  })
}

/** A number between two bounds, both inclusive. */
export function numberBetween(min: number, max: number): Codec<number> {
  return codec(`a number from ${min} to ${max}`, { kind: 'number', min, max }, (value) =>
    typeof value === 'number' && value >= min && value <= max ? E.right(value) : E.left(undefined),
  )
}

/** A decimal as text, whether it was written as text or as a number: digit for digit what the file says. */
export const decimal: Codec<string> = codec(
  'a decimal number',
  { kind: 'decimal', isAboveZero: false },
  (value) => readDecimal(value, -Infinity),
)

export const positiveDecimal: Codec<string> = codec(
  'a decimal number above 0',
  { kind: 'decimal', isAboveZero: true },
  (value) => readDecimal(value, 1),
)

export const text: Codec<string> = codec('text', { kind: 'text' }, (value) => {
  if (typeof value === 'string' && value !== '') return E.right(value)
  const bare = typeof value === 'number' || typeof value === 'boolean'
  return E.left(bare ? 'expected text (in quotes)' : undefined)
})

/** Text that must never be printed: a password, a token. Write it as `${file:PATH}` or `${NAME}`. */
export const secret: Codec<string> = text.describe('', { isSecret: true })

export const flag: Codec<boolean> = codec('true or false', { kind: 'flag' }, (value) =>
  typeof value === 'boolean' ? E.right(value) : E.left(undefined),
)

/** One of a few words. */
export function oneOf<const W extends readonly string[]>(...words: W): Codec<W[number]> & WithChoices {
  const type = codec<W[number]>(`one of ${words.join(', ')}`, { kind: 'words', words }, (value) =>
    words.includes(value as string) ? E.right(value as string) : E.left(undefined),
  )
  return Object.assign(type, { choices: words })
}

export function listOf<C extends t.Mixed>(item: C): Codec<readonly t.TypeOf<C>[]> {
  const validate: t.Validate<unknown, readonly t.TypeOf<C>[]> = (value, context) => {
    if (!Array.isArray(value)) return t.failure(value, context)
    const errors: t.Errors = []
    const decoded: t.TypeOf<C>[] = []
    for (const [at, element] of value.entries())
      collect(item.validate(element, t.appendContext(context, String(at), item, element)), errors, (one) => {
        decoded.push(one)
      })
    return errors.length > 0 ? t.failures(errors) : t.success(decoded)
  }
  return new Codec('a list', validate, { kind: 'list', item })
}

/** A map from names that the file chooses. The result has no prototype, so a name is only ever what the file says. */
export function mapOf<C extends t.Mixed>(item: C): Codec<Readonly<Record<string, t.TypeOf<C>>>> {
  const validate: t.Validate<unknown, Readonly<Record<string, t.TypeOf<C>>>> = (value, context) => {
    if (!isMap(value)) return t.failure(value, context)
    const errors: t.Errors = []
    const decoded: Record<string, t.TypeOf<C>> = Object.create(null)
    for (const [key, element] of Object.entries(value)) {
      if (key === '') errors.push(keyError(element, context, key, 'expected a name here'))
      collect(item.validate(element, t.appendContext(context, key, item, element)), errors, (one) => {
        decoded[key] = one
      })
    }
    return errors.length > 0 ? t.failures(errors) : t.success(decoded)
  }
  return new Codec('a map', validate, { kind: 'map', item })
}

/** One key of several, each absent where another is there: `from.simulate !== undefined` says which it is. */
export type VariantOf<P extends Props> = {
  [K in keyof P]: { readonly [Only in K]: t.TypeOf<P[K]> } & {
    readonly [Other in Exclude<keyof P, K>]?: undefined
  }
}[keyof P]

/**
 * A choice written as a map of one key: `from: { simulate: {...} }`. A bare word, `to: summary`, stands for that key
 * with no settings.
 */
export function variant<P extends Props>(cases: P): Codec<VariantOf<P>> & WithChoices {
  const choices = Object.keys(cases)
  const validate: t.Validate<unknown, VariantOf<P>> = (value, context) => {
    const bare = typeof value === 'string'
    const wrapped: unknown = bare ? { [value]: {} } : value
    if (!isMap(wrapped)) return t.failure(value, context)
    const keys = Object.keys(wrapped)
    const unknown = keys.filter((key) => !Object.hasOwn(cases, key))
    if (bare && unknown.length > 0) return t.failure(value, context)
    if (unknown.length > 0)
      return t.failures(unknown.map((key) => keyError(wrapped[key], context, key, unknownKey(key, choices))))
    if (keys.length !== 1)
      return t.failure(
        value,
        context,
        keys.length === 0 ? undefined : `expected only one of ${choices.join(', ')}`,
      )
    const [key] = keys as [string]
    const codec = cases[key]!
    const decoded = codec.validate(wrapped[key], t.appendContext(context, key, codec, wrapped[key]))
    if (E.isRight(decoded)) return t.success({ [key]: decoded.right } as VariantOf<P>)
    if (!bare || codec instanceof OptionsType) return decoded
    return t.failure(value, context, `expected { ${key}: ${codec.name} }`)
  }
  const type = new Codec(`one of ${choices.join(', ')}`, validate, { kind: 'variant', cases })
  return Object.assign(type, { choices })
}

const MAX_INT32 = 2 ** 31 - 1

/** What is wrong with a key itself, whatever stands under it. */
export function keyError(
  value: unknown,
  context: t.Context,
  key: string,
  message: string,
): t.ValidationError {
  return { value, context: t.appendContext(context, key, aKey, value), message }
}

/** A codec of a single value; what it gives on the left is the message, where its name does not say enough. */
function codec<A>(
  name: string,
  shape: Shape,
  read: (value: unknown) => E.Either<string | undefined, A>,
): Codec<A> {
  const validate: t.Validate<unknown, A> = (value, context) => {
    const result = read(value)
    return E.isRight(result) ? result : t.failure(value, context, result.left)
  }
  return new Codec(name, validate, shape)
}

function collect<A>(result: t.Validation<A>, errors: t.Errors, keep: (value: A) => void): void {
  if (E.isRight(result)) keep(result.right)
  else for (const error of result.left) errors.push(error)
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Sets a key whatever it is called: plain assignment to `__proto__` would change what the object inherits. */
function setOwn(object: object, key: string, value: unknown): void {
  Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true })
}

function wholeNumberName(min: number, max: number): string {
  if (Number.isFinite(min) && Number.isFinite(max)) return `a whole number from ${min} to ${max}`
  if (min === 1) return 'a whole number above 0'
  if (Number.isFinite(min)) return `a whole number, ${min} or above`
  return Number.isFinite(max) ? `a whole number, ${max} or below` : 'a whole number'
}

/** The text that makes a number is the shortest that reads back as that number, so nothing is lost on the way. */
function readDecimal(value: unknown, minUnits: number): E.Either<string | undefined, string> {
  const written = typeof value === 'number' ? String(value) : value
  if (typeof written !== 'string') return E.left(undefined)
  const parsed = parseDecimal(written)
  if (parsed === 'syntax') return E.left(undefined)
  if (typeof parsed === 'string') return E.left('expected a decimal number of at most 15 digits')
  return parsed.units >= minUnits ? E.right(written) : E.left(undefined)
}
