/** A name of several words, as it stands in text: `stopLimit` as `stop-limit`. */
export function dashedName(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
}

/** Names by their numbers, as they stand in text; the empty text where there is none. */
export function dashedNames(numbers: Readonly<Record<string, number>>): string[] {
  const names: string[] = []
  for (const [name, number] of Object.entries(numbers)) names[number] = dashedName(name)
  return Array.from(names, (name) => name ?? '')
}
