/** Something that is otherwise than expected. */
export interface Difference {
  /** Keys and indexes down to it. */
  readonly path: readonly string[]
  /** Undefined of what should not be there. */
  readonly expected: unknown
  /** Undefined of what is missing. */
  readonly actual: unknown
}

/**
 * How a value differs from what is expected of it. Of an expected map only its keys are compared; lists must be as
 * long, unless `isPart`; numbers and the text that spells them are one, as decimals are written either way.
 * @param isExact whether keys that are not expected are differences too
 */
export function differences(
  actual: unknown,
  expected: unknown,
  isExact = false,
  path: readonly string[] = [],
): Difference[] {
  if (Array.isArray(expected)) {
    if (!Array.isArray(actual)) return [{ path, expected, actual }]
    const length = Math.max(actual.length, expected.length)
    return Array.from({ length }, (_, index) =>
      differences(actual[index], expected[index], isExact, [...path, String(index)]),
    ).flat()
  }
  if (isMap(expected) && isMap(actual)) {
    const extra = isExact ? Object.keys(actual).filter((key) => !Object.hasOwn(expected, key)) : []
    return [...Object.keys(expected), ...extra].flatMap((key) =>
      differences(
        Object.hasOwn(actual, key) ? actual[key] : undefined,
        Object.hasOwn(expected, key) ? expected[key] : undefined,
        isExact,
        [...path, key],
      ),
    )
  }
  return isSame(actual, expected) ? [] : [{ path, expected, actual }]
}

/** Whether a value is what is expected, see `differences`. */
export function matches(actual: unknown, expected: unknown, isExact = false): boolean {
  return differences(actual, expected, isExact).length === 0
}

/** `[0].price: expected "10.05", got "10.06"`, a line each. */
export function formatDifferences(found: readonly Difference[]): string {
  return found
    .map(({ path, expected, actual }) => {
      const at = path.map((key) => (/^\d+$/.test(key) ? `[${key}]` : `.${key}`)).join('')
      return `${at.replace(/^\./, '') || 'value'}: expected ${show(expected)}, got ${show(actual)}`
    })
    .join('\n')
}

/** A value on one line; `nothing` for what is not there. */
export function show(value: unknown): string {
  return value === undefined ? 'nothing' : JSON.stringify(value)
}

const DECIMAL = /^-?\d+(?:\.\d+)?$/

function isSame(actual: unknown, expected: unknown): boolean {
  if (Object.is(actual, expected)) return true
  const texts = [actual, expected].map((value) => (typeof value === 'number' ? String(value) : value))
  const [a, b] = texts.map((text) => (typeof text === 'string' && DECIMAL.test(text) ? plain(text) : text))
  return a !== undefined && a === b
}

/** A decimal without zeros that say nothing: `10.50` and `10.5` are one price. */
function plain(text: string): string {
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
