/** One family of the Prometheus text exposition format, version 0.0.4. */
export interface Family {
  readonly name: string
  readonly help: string
  readonly type: string
  readonly samples: readonly Sample[]
}

export interface Sample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

const NAME = '[a-zA-Z_:][a-zA-Z0-9_:]*'
const HELP = new RegExp(`^# HELP (${NAME}) (.*)$`)
const TYPE = new RegExp(`^# TYPE (${NAME}) (counter|gauge|histogram|summary|untyped)$`)
const SAMPLE = new RegExp(`^(${NAME})(?:\\{(.*)\\})? (\\S+)$`)
const LABEL = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)/
const VALUE = /^(?:[+-]?(?:\d+\.?\d*(?:[eE][+-]?\d+)?|Inf)|NaN)$/
const SUFFIXES: Readonly<Record<string, readonly string[]>> = {
  histogram: ['_bucket', '_sum', '_count'],
  summary: ['', '_sum', '_count'],
}

/**
 * Reads an exposition, strictly: each family once, HELP and TYPE before its samples, no sample twice, every character
 * accounted for. https://prometheus.io/docs/instrumenting/exposition_formats/
 * @throws Error that names the line
 */
export function parseExposition(text: string): Map<string, Family> {
  if (!text.endsWith('\n')) throw new Error('the last line does not end')
  const families = new Map<string, Family & { samples: Sample[] }>()
  const seen = new Set<string>()
  let help: RegExpExecArray | null = null
  let family: (Family & { samples: Sample[] }) | undefined
  for (const [at, line] of text.slice(0, -1).split('\n').entries()) {
    const fail = (what: string): never => {
      throw new Error(`line ${at + 1}: ${what}: ${line}`)
    }
    if (line === '') continue
    if (line.startsWith('# HELP')) help = HELP.exec(line) ?? fail('not a HELP line')
    else if (line.startsWith('#')) {
      const [, name, type] = TYPE.exec(line) ?? fail('not a TYPE line')
      if (help?.[1] !== name) fail('no HELP before it')
      if (families.has(name!)) fail('a family twice')
      family = { name: name!, help: help![2]!, type: type!, samples: [] }
      families.set(name!, family)
    } else {
      const sample = sampleOf(line) ?? fail('not a sample')
      const base = family?.name ?? fail('a sample before its family')
      const suffixes = SUFFIXES[family!.type] ?? ['']
      if (!suffixes.some((suffix) => base + suffix === sample.name)) fail('a sample of another family')
      const key = sample.name + JSON.stringify(sample.labels, Object.keys(sample.labels).sort())
      if (seen.has(key)) fail('a sample twice')
      seen.add(key)
      family!.samples.push(sample)
    }
  }
  return families
}

function sampleOf(line: string): Sample | undefined {
  const match = SAMPLE.exec(line)
  if (match === null || !VALUE.test(match[3]!)) return undefined
  const labels: Record<string, string> = {}
  let rest = match[2] ?? ''
  while (rest !== '') {
    const label = LABEL.exec(rest)
    if (label === null || Object.hasOwn(labels, label[1]!)) return undefined
    labels[label[1]!] = label[2]!
    rest = rest.slice(label[0].length)
  }
  const value = match[3]!.replace('Inf', 'Infinity')
  return { name: match[1]!, labels, value: Number(value) }
}
