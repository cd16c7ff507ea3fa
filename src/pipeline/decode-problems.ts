import * as E from 'fp-ts/lib/Either.js'
import * as t from 'io-ts'
import { notesOf } from './codec-shape.ts'
import { didYouMean } from './suggest.ts'

/** What a codec says about the keys or texts it takes, so that a near miss can be answered with the right one. */
export interface WithChoices {
  readonly choices: readonly string[]
}

/** Stands at the end of an error's context when the key itself is at fault, not its value. */
export const aKey: t.Mixed = t.unknown.pipe(t.unknown, 'a key')

/**
 * Options that a program gives, held to the same codec as those of a file.
 * @throws TypeError that says all that is wrong with them
 */
export function checked<A>(codec: t.Type<A, unknown>, value: unknown, what: string): A {
  const decoded = codec.decode(value)
  if (E.isRight(decoded)) return decoded.right
  const told = decodeProblems(decoded.left).map(
    ({ path, message }) => `${[what, ...path].join('.')}: ${message}`,
  )
  throw new TypeError(told.join('; '))
}

/** One thing that is wrong in decoded data: where it is, counted from what was decoded, and what it is. */
export interface DecodeProblem {
  readonly path: string[]
  /** Whether the key or the value is at fault. */
  readonly of: 'key' | 'value'
  readonly message: string
}

/**
 * Decode errors in words. io-ts notes the members of unions and intersections as if they were keys; those are left out.
 * @param conceal gives what is shown in place of a text in the data, for values that must not be printed
 */
export function decodeProblems(errors: t.Errors, conceal?: (text: string) => string): DecodeProblem[] {
  return errors.map(({ value, context, message }) => {
    const path = context
      .filter((_, at) => at > 0 && !isAlternative(context[at - 1]!.type))
      .map((entry) => entry.key)
    const type = context.at(-1)?.type
    if (type === aKey) return { path, of: 'key', message: message! }
    const expected = message ?? `expected ${type?.name ?? 'something else'}`
    if (value === undefined) return { path, of: 'value', message: `missing, ${expected}` }
    if (type instanceof t.Type && notesOf(type).isSecret === true)
      return { path, of: 'value', message: `${expected} (a secret: not shown)` }
    const hint = typeof value === 'string' && hasChoices(type) ? didYouMean(value, type.choices) : ''
    return { path, of: 'value', message: `${expected}, got ${show(value, conceal)}${hint}` }
  })
}

/** A value as JSON, cut after some 60 characters. */
export function show(value: unknown, conceal: (text: string) => string = (plain) => plain): string {
  if (typeof value === 'number') return String(value)
  let json: string | undefined
  try {
    json = JSON.stringify(value, (_, inner: unknown) => (typeof inner === 'string' ? conceal(inner) : inner))
  } catch {
    // A ring of objects, which only a program can pass, or one nested deeper than the stack.
    if (typeof value === 'object') return Array.isArray(value) ? 'a list' : 'a map'
  }
  const shown = json ?? String(value)
  return shown.length > MAX_SHOWN ? `${shown.slice(0, MAX_SHOWN - 3)}...` : shown
}

const MAX_SHOWN = 60

function isAlternative(type: unknown): boolean {
  return type instanceof t.UnionType || type instanceof t.IntersectionType
}

function hasChoices(type: unknown): type is WithChoices {
  return type instanceof t.Type && 'choices' in type
}
