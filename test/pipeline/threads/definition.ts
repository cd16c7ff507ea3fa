// Gives threads of a test their definition: that of a text, with operators to stand still and to die.
import * as E from 'fp-ts/lib/Either.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { registry } from '../../../src/operators/registry.ts'
import { options, text, wholeNumber } from '../../../src/pipeline/codec.ts'
import { decodeDefinition, type Definition } from '../../../src/pipeline/definition.ts'
import type { AnyOperator, Operator, Registry, Step } from '../../../src/pipeline/operator.ts'
import { formatProblem } from '../../../src/pipeline/problem.ts'

/** Takes nothing after the first batch, for as long as a word of a file is not `go`. */
const slow: Operator<{ readonly afterRecords: number; readonly how: string }> = {
  name: 'trouble',
  options: options({ how: text, afterRecords: wholeNumber({ min: 0 }) }),
  consumes: 'event',
  produces: 'event',
  create: ({ how, afterRecords }, { market }) => {
    let [records, count] = [0, 0]
    const step: Step = {
      process: () => {
        records++
        count++
      },
      flush: () => {
        if (records < afterRecords) return
        if (how === 'throw') throw new Error('trouble has come')
        if (how === 'exit') process.exit(7)
        if (how === 'stall') market.gate.close()
        if (how === 'pause') {
          market.gate.close()
          setTimeout(() => market.gate.open(), 300)
          records = -Infinity
        }
      },
      report: () => ({ title: 'trouble', lines: [], figures: { count } }),
    }
    return TE.right(step)
  },
}

/** A source that has nothing to give until it is stopped. */
const quiet: Operator<object> = {
  name: 'quiet',
  options: options({}),
  consumes: undefined,
  produces: 'command',
  create: () => {
    let stop = (): void => {}
    let isStopped = false
    const stopped = new Promise<void>((resolve) => {
      stop = () => {
        isStopped = true
        resolve()
      }
    })
    return TE.right({ pull: () => !isStopped, ready: () => stopped, stop: () => stop() })
  },
}

const withTrouble: Registry = new Map<string, AnyOperator>([
  ...registry,
  [slow.name, slow],
  [quiet.name, quiet],
])

export const moduleUrl: string = import.meta.url

export function definitionFor(source: string): Promise<Definition> {
  const definition = decodeDefinition('threads.yaml', source, withTrouble)
  if (E.isRight(definition)) return Promise.resolve(definition.right)
  return Promise.reject(new Error(definition.left.problems.map(formatProblem).join('\n')))
}
