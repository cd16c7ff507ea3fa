import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import * as E from 'fp-ts/lib/Either.js'
import type * as TE from 'fp-ts/lib/TaskEither.js'
import { decodeModel, type ModelFile } from '../../ai/models/model-file.ts'
import { parseDocument } from '../../pipeline/document.ts'
import { formatProblem, type Problem } from '../../pipeline/problem.ts'
import { systemProblem } from '../input/system-error.ts'

/** The model that comes with the package, trained on simulated flow. */
export const SHIPPED_MODEL = 'models/direction.json'

/**
 * Reads a model file. One that is not found from where the program runs is looked for in the package.
 * @returns the model, or everything that is wrong with the file, each with its line and column
 */
export function loadModel(file: string): TE.TaskEither<string, ModelFile> {
  return async () => {
    const path = existsSync(file) ? file : shipped(file)
    let text: string
    try {
      text = await readFile(path, 'utf8')
    } catch (error) {
      return E.left(`${file}: ${systemProblem(error)}`)
    }
    let value: unknown
    try {
      value = JSON.parse(text)
    } catch {
      return E.left(told(placed(file, text, [{ path: [], message: 'not JSON' }])))
    }
    const model = decodeModel(value)
    return E.isRight(model) ? model : E.left(told(placed(file, text, model.left)))
  }
}

function shipped(file: string): string {
  const path = fileURLToPath(new URL(`../../../${file}`, import.meta.url))
  return existsSync(path) ? path : file
}

const TOLD = 5

function told(problems: readonly Problem[]): string {
  const lines = problems.slice(0, TOLD).map(formatProblem)
  return problems.length <= TOLD
    ? lines.join('; ')
    : `${lines.join('; ')}; and ${problems.length - TOLD} more`
}

/** Finds the places of problems: only then is the text read again by a parser that keeps them. */
function placed(
  file: string,
  text: string,
  problems: readonly { readonly path: readonly string[]; readonly message: string }[],
): readonly Problem[] {
  const document = parseDocument(file, text)
  if (E.isLeft(document)) return document.left.problems
  return problems.map(({ path, message }) => document.right.problem([...path], message))
}
