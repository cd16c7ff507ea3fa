import { EventKind } from '../book/record.ts'

/** What a subject or key may be made of, besides plain text. */
export const PLACEHOLDERS = ['symbol', 'client', 'kind', 'partition'] as const
export type Placeholder = (typeof PLACEHOLDERS)[number]

/** Names of events by their numbers, as they stand in subjects and options: `trade`, `bestPrices`. */
export const EVENT_NAMES: readonly string[] = (() => {
  const names: string[] = []
  for (const [name, number] of Object.entries(EventKind)) names[number] = name
  return names
})()

/** What is wrong with a subject template, or undefined. Wildcards are for who subscribes. */
export function templateProblem(template: string, mayBeWild = false): string | undefined {
  for (const token of template.split('.')) {
    if (token === '') return 'a token between two dots is empty'
    if (/[\s\p{Cc}]/u.test(token)) return 'expected no blanks or control characters'
    if (!mayBeWild && /[*>]/.test(token)) return `expected no wildcard, got ${token}`
    for (const [, name] of token.matchAll(/\{([^{}]*)\}/g))
      if (!PLACEHOLDERS.includes(name as Placeholder))
        return `unknown placeholder {${name}}, expected one of ${PLACEHOLDERS.map((each) => `{${each}}`).join(', ')}`
    if (/[{}]/.test(token.replace(/\{\w+\}/g, ''))) return 'a brace is not closed'
  }
  return undefined
}

/** Which placeholders a template has. */
export function placeholdersOf(template: string): ReadonlySet<Placeholder> {
  return new Set(PLACEHOLDERS.filter((name) => template.includes(`{${name}}`)))
}

/** A template with its values in place. Each value becomes part of one token, whatever characters it has. */
export function fillTemplate(
  template: string,
  values: Readonly<Partial<Record<Placeholder, string>>>,
): string {
  return template.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = values[name as Placeholder]
    return value === undefined ? whole : token(value)
  })
}

/** A template as a pattern to subscribe with: what is not given is any. */
export function wildTemplate(
  template: string,
  values: Readonly<Partial<Record<Placeholder, string>>> = {},
): string {
  return template
    .split('.')
    .map((part) => {
      const filled = fillTemplate(part, values)
      return /\{\w+\}/.test(filled) ? '*' : filled
    })
    .join('.')
}

/**
 * A name as (part of) one token of a subject. Dots, wildcards, blanks, percent signs, braces and everything outside
 * ASCII become %XX of their UTF-8 bytes, as in a URL, so that no name can reach another's subject. The empty name is `-`.
 */
export function token(name: string): string {
  if (name === '') return '-'
  if (name === '-') return '%2D'
  if (SAFE.test(name)) return name
  let out = ''
  for (const byte of new TextEncoder().encode(name)) {
    const character = String.fromCharCode(byte)
    out += SAFE.test(character) ? character : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
  }
  return out
}

const SAFE = /^[A-Za-z0-9_\-/:@+=,!$&'()#~]+$/
