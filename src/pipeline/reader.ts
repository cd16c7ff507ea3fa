import * as E from 'fp-ts/lib/Either.js'
import type * as t from 'io-ts'
import { decodeProblems, show, type DecodeProblem } from './codec.ts'
import type { Document, Part } from './document.ts'
import type { Problem } from './problem.ts'

/** How one part of a document is decoded. */
export interface ReadOptions {
  /** Gives what to decode of the value at the path. */
  readonly pick?: (value: unknown) => unknown
  /** Gives another message for a problem that the reader of the part knows more about. */
  readonly reword?: (problem: DecodeProblem) => string
}

/** Decodes a document part by part and gathers every problem, so that one bad part hides nothing about the others. */
export class Reader {
  readonly document: Document
  readonly problems: Problem[]
  /** What is doubtful but can be run. */
  readonly warnings: Problem[]

  constructor(document: Document) {
    this.document = document
    this.problems = [...document.problems]
    this.warnings = []
  }

  /** The decoded value at a path, or undefined if it is not as it should be, which is then reported. */
  read<A>(
    codec: t.Type<A, unknown>,
    path: readonly string[],
    { pick = (value) => value, reword = ({ message }) => message }: ReadOptions = {},
  ): A | undefined {
    for (;;) {
      const decoded = codec.decode(pick(this.document.valueAt(path)))
      if (E.isRight(decoded)) return decoded.right
      const found = decodeProblems(decoded.left, (text) => this.document.conceal(text))
      // Variables are text; where that is not wanted, what they spell may be.
      const retyped = found.filter(
        ({ path: inner, of }) => of === 'value' && this.document.retype([...path, ...inner]),
      )
      if (retyped.length > 0) continue
      for (const problem of found) this.report([...path, ...problem.path], reword(problem), problem.of)
      return undefined
    }
  }

  report(path: readonly string[], message: string, of: Part = 'value'): void {
    if (of === 'value' && this.document.isFaulty(path)) return
    this.problems.push(this.document.problem(path, message, of))
  }

  /** Notes what is doubtful but can be run. */
  warn(path: readonly string[], message: string, of: Part = 'value'): void {
    this.warnings.push({ ...this.document.problem(path, message, of), severity: 'warning' })
  }

  /** A value as it may be printed. */
  show(value: unknown): string {
    return show(value, (text) => this.document.conceal(text))
  }
}
