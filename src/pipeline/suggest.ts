/** The choice that someone who wrote `text` most likely meant, or undefined if none is near. */
export function nearest(text: string, choices: Iterable<string>): string | undefined {
  if (text.length > MAX_TEXT) return undefined
  const wanted = text.toLowerCase()
  let best: string | undefined
  let least = Math.max(1, Math.floor(text.length / 3)) + 1
  for (const choice of choices) {
    if (choice === text || Math.abs(choice.length - text.length) >= least) continue
    const distance = editDistance(wanted, choice.toLowerCase())
    if (distance >= least) continue
    best = choice
    least = distance
  }
  return best
}

/** `: did you mean NAME?`, or nothing where no choice is near. */
export function didYouMean(text: string, choices: Iterable<string>): string {
  const choice = nearest(text, choices)
  return choice === undefined ? '' : `: did you mean ${choice}?`
}

/** Longer names are not typing errors, and the distance costs the product of the lengths. */
const MAX_TEXT = 64

/** Insertions, deletions, replacements and swaps of neighbours (optimal string alignment). */
function editDistance(a: string, b: string): number {
  let before: number[] = []
  let above = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let row = 1; row <= a.length; row++) {
    const current = [row]
    for (let column = 1; column <= b.length; column++) {
      const replaced = above[column - 1]! + (a[row - 1] === b[column - 1] ? 0 : 1)
      let distance = Math.min(above[column]! + 1, current[column - 1]! + 1, replaced)
      if (row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1])
        distance = Math.min(distance, before[column - 2]! + 1)
      current.push(distance)
    }
    before = above
    above = current
  }
  return above[b.length]!
}
