import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { readDocument, type Document } from '../pipeline/document.ts'
import { pipelineError, type PipelineError } from '../pipeline/problem.ts'
import { Reader } from '../pipeline/reader.ts'
import type { Variables } from '../pipeline/substitute.ts'
import { readGiven, type Given } from './given.ts'
import { testCase, testFile, type TestCase } from './test-codec.ts'

/** A test of a pipeline file, decoded. */
export interface PipelineTest {
  readonly name: string
  readonly case: TestCase
  /** What goes in, if the test says; else what the pipeline's source gives. */
  readonly given: Given | undefined
  /** What sources give, by stage. */
  readonly records: ReadonlyMap<string, Given>
  /** Where it stands: `tests`, and its index. */
  readonly path: readonly string[]
}

/** All tests of a file. */
export interface TestFile {
  readonly file: string
  readonly document: Document
  /** The pipeline file, as it is named: beginning at the folder of the test file. */
  readonly pipeline: string
  readonly profile: string | undefined
  readonly set: readonly string[]
  readonly variables: Variables
  /** What `Date.now()` begins with, in milliseconds since 1970. */
  readonly startMs: number
  readonly tests: readonly PipelineTest[]
}

/** A Monday morning, for files that do not say. */
const DEFAULT_START_MS = Date.UTC(2026, 0, 5, 9, 30)

/** Reads a file of tests. The error holds everything that is wrong with it, each with its place. */
export function readTestFile(file: string, variables: Variables): TE.TaskEither<PipelineError, TestFile> {
  return pipe(
    readDocument(file, { variables }),
    TE.chainEitherK((document) => decode(document)),
  )
}

function decode(document: Document): E.Either<PipelineError, TestFile> {
  const reader = new Reader(document)
  const whole = reader.read(testFile, [])
  const list = document.valueAt(['tests'])
  const tests = Array.isArray(list) ? list.map((_, index) => readCase(reader, index)) : []
  if (Array.isArray(list) && list.length === 0)
    reader.report(['tests'], 'expected at least one test: a file without any would always pass')
  checkNames(tests, reader)
  if (reader.problems.length > 0 || whole === undefined) return E.left(pipelineError(reader.problems))
  return E.right({
    file: document.file,
    document,
    pipeline: whole.pipeline,
    profile: whole.profile,
    set: whole.set ?? [],
    variables: whole.variables ?? {},
    startMs: whole.start ?? DEFAULT_START_MS,
    tests: tests.filter((test) => test !== undefined),
  })
}

function readCase(reader: Reader, index: number): PipelineTest | undefined {
  const path = ['tests', String(index)]
  const read = reader.read(testCase, path)
  if (read === undefined) return undefined
  const givenAt = (at: readonly string[], value: unknown): Given | undefined => {
    const given = readGiven(value, reader.document)
    if (E.isRight(given)) return given.right
    reader.report([...at, ...given.left.path], given.left.message)
    return undefined
  }
  const given = read.given === undefined ? undefined : givenAt([...path, 'given'], read.given)
  const records = new Map<string, Given>()
  for (const [id, { records: value }] of Object.entries(read.mocks ?? {})) {
    const found = value === undefined ? undefined : givenAt([...path, 'mocks', id, 'records'], value)
    if (found !== undefined) records.set(id, found)
  }
  return { name: read.name, case: read, given, records, path }
}

function checkNames(tests: readonly (PipelineTest | undefined)[], reader: Reader): void {
  const taken = new Set<string>()
  for (const test of tests) {
    if (test === undefined) continue
    if (taken.has(test.name)) reader.report([...test.path, 'name'], 'another test has this name already')
    taken.add(test.name)
  }
}
