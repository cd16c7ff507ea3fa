import type * as t from 'io-ts'
import * as E from 'fp-ts/lib/Either.js'
import { decodeProblems } from '../pipeline/decode-problems.ts'
import type { Caller, Role } from './keys.ts'
import { HttpProblem } from './problem.ts'

/** What a handler is given: all of it decoded. */
export interface RouteInput<P, Q, B> {
  readonly params: P
  readonly query: Q
  readonly body: B
  readonly caller: Caller
}

/** One operation of the HTTP interface: what serves it and what describes it are made of the same. */
export interface Route<P = unknown, Q = unknown, B = unknown> {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** With `{name}` for parameters, as OpenAPI writes it. */
  readonly path: string
  readonly summary: string
  readonly tag: string
  readonly role: Role
  readonly params?: t.Type<P, unknown>
  readonly query?: t.Type<Q, unknown>
  readonly body?: t.Type<B, unknown>
  /** What the answer holds, in words. */
  readonly answer: string
  /** The same as a JSON Schema. */
  readonly schema: object
  readonly handle: (input: RouteInput<P, Q, B>) => unknown
}

/** Keeps a route's types together. */
export function route<P, Q, B>(described: Route<P, Q, B>): Route {
  return described as unknown as Route
}

/**
 * A part of a request held to its codec.
 * @throws HttpProblem 400 that says all that is wrong with it, and where
 */
export function decoded<A>(codec: t.Type<A, unknown> | undefined, value: unknown, where: string): A {
  if (codec === undefined) return {} as A
  const result = codec.decode(value ?? {})
  if (E.isRight(result)) return result.right
  const errors = decodeProblems(result.left).map(({ path, message }) => ({
    path: [where, ...path].join('.'),
    message,
  }))
  const detail = errors.map(({ path, message }) => `${path}: ${message}`).join('; ')
  throw new HttpProblem(400, 'Not a valid request', detail, errors)
}
