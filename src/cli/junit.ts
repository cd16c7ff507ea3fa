import type { Failure } from '../scenario/run.ts'

/** One test, of whichever kind, as reports have it. */
export interface ReportedTest {
  readonly file: string
  readonly line: number
  readonly name: string
  readonly seconds: number
  readonly failures: readonly Failure[]
}

/**
 * Tests as JUnit XML: a suite for each file, a case for each test, with the place and the diff of what went otherwise.
 * The dialect is that of the Jenkins JUnit plugin, which GitLab and others read too.
 */
export function junitXml(tests: readonly ReportedTest[]): string {
  const files = new Set(tests.map(({ file }) => file))
  const suites = [...files].map((file) =>
    suite(
      file,
      tests.filter((test) => test.file === file),
    ),
  )
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites${totals(tests)}>\n${suites.join('')}</testsuites>\n`
}

function suite(file: string, tests: readonly ReportedTest[]): string {
  return `  <testsuite name="${escaped(file)}"${totals(tests)}>\n${tests.map(testCase).join('')}  </testsuite>\n`
}

function testCase({ file, line, name, seconds, failures }: ReportedTest): string {
  const open = `    <testcase name="${escaped(name)}" classname="${escaped(className(file))}" file="${escaped(file)}" line="${line}" time="${seconds.toFixed(3)}"`
  if (failures.length === 0) return `${open}/>\n`
  return `${open}>\n${failures.map(failure).join('')}    </testcase>\n`
}

function failure({ file, line, step, diff }: Failure): string {
  const text = [`${file}:${line}`, ...diff.map(({ mark, text }) => `${mark} ${text}`)].join('\n')
  return `      <failure message="${escaped(`${file}:${line} ${step}`)}">${escaped(text)}</failure>\n`
}

function totals(tests: readonly ReportedTest[]): string {
  const failed = tests.filter(({ failures }) => failures.length > 0).length
  const seconds = tests.reduce((sum, test) => sum + test.seconds, 0)
  return ` tests="${tests.length}" failures="${failed}" errors="0" time="${seconds.toFixed(3)}"`
}

function className(file: string): string {
  return file.replace(/^.*\//, '').replace(/\.test\.\w+$|\.scenario$/, '')
}

/** Characters that XML 1.0 cannot hold, even as references. */
const NOT_XML =
  // oxlint-disable-next-line no-control-regex
  /[\0-\x08\x0B\x0C\x0E-\x1F\uFFFE\uFFFF]|[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/g
const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

function escaped(text: string): string {
  return text.replace(NOT_XML, '\uFFFD').replace(/[&<>"]/g, (character) => ENTITIES[character]!)
}
