import assert from 'node:assert/strict'

/**
 * What stands in for ava while mutants are tried: tests are only written down here, for the runner to call one by one in
 * its own process, thousands of times. Has the assertions that the tests of src/book use, on those of Node.
 */

type Body = (t: typeof assertions) => unknown

export interface RegisteredTest {
  readonly id: string
  readonly file: string
  readonly run: Body
}

export const tests: RegisteredTest[] = []

const registering = { file: '' }

/** Tests registered from here on belong to a file. */
export function beginFile(file: string): void {
  registering.file = file
}

export default function test(title: string, run: Body): void {
  const { file } = registering
  tests.push({ id: `${file} ${title}`, file, run })
}

interface Expectation {
  readonly instanceOf?: new (...args: never[]) => Error
  readonly message?: string | RegExp
}

export const assertions = {
  is: (actual: unknown, expected: unknown) => assert.ok(Object.is(actual, expected), 'is'),
  not: (actual: unknown, expected: unknown) => assert.ok(!Object.is(actual, expected), 'not'),
  deepEqual: (actual: unknown, expected: unknown) => assert.deepStrictEqual(actual, expected),
  notDeepEqual: (actual: unknown, expected: unknown) => assert.notDeepStrictEqual(actual, expected),
  like: (actual: unknown, expected: object) => assert.partialDeepStrictEqual(actual, expected),
  true: (actual: unknown) => assert.ok(actual === true, 'true'),
  false: (actual: unknown) => assert.ok(actual === false, 'false'),
  regex: (actual: string, pattern: RegExp) => assert.match(actual, pattern),
  pass: () => {},
  fail: (message?: string) => assert.fail(message),
  log: () => {},
  timeout: () => {},
  notThrows: (run: () => unknown) => assert.doesNotThrow(run),
  throws: (run: () => unknown, { instanceOf, message }: Expectation = {}): Error => {
    let thrown: unknown
    try {
      run()
    } catch (error) {
      thrown = error
    }
    assert.ok(thrown instanceof (instanceOf ?? Error), 'throws')
    if (typeof message === 'string') assert.equal(thrown.message, message)
    if (message instanceof RegExp) assert.match(thrown.message, message)
    return thrown
  },
}
