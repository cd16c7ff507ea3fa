import type { DrawnIsland, Drawing } from './drawing.ts'

const BOX_WIDTH = 132
const BOX_HEIGHT = 44
const GAP_X = 96
const GAP_Y = 40
const PADDING = 14
const MARGIN = 32
const COLOURS = ['#e8f1fb', '#eaf6ea', '#fdf1df', '#f5e9f7', '#fde8e8', '#e6f5f5']

interface Place {
  readonly x: number
  readonly y: number
}

/**
 * A drawing as SVG, in layers from left to right: a stage stands right of all that feed it (Sugiyama, Tagawa and Toda,
 * 1981, in its simplest form). Stages of one island have one colour; edges are thick and say what they hold.
 */
export function svg(drawing: Drawing): string {
  const places = layOut(drawing)
  const all = [...places.values()]
  const width = Math.max(...all.map(({ x }) => x)) + BOX_WIDTH + MARGIN
  const height = Math.max(...all.map(({ y }) => y)) + BOX_HEIGHT + MARGIN
  const lines = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="sans-serif" font-size="12">`,
    `  <title>${escaped(drawing.name)}</title>`,
    '  <defs><marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" markerUnits="userSpaceOnUse" orient="auto"><path d="M0 0 8 4 0 8z" fill="#444"/></marker></defs>',
    `  <rect width="${width}" height="${height}" fill="#fff"/>`,
    ...drawing.links.map(({ from, to, label, isEdge }) =>
      link(places.get(from)!, places.get(to)!, label, isEdge),
    ),
    ...drawing.islands.flatMap((island, index) => boxes(island, COLOURS[index % COLOURS.length]!, places)),
  ]
  return `${lines.join('\n')}\n</svg>\n`
}

/** Where each stage's box begins: its layer is the longest way to it, its row is next to those that feed it. */
function layOut({ islands, links }: Drawing): Map<string, Place> {
  const ids = islands.flatMap(({ stages }) => stages.map(({ id }) => id))
  const layer = new Map(ids.map((id) => [id, 0]))
  // As often as there are stages at most: there are no rings.
  for (let changed = true; changed;) {
    changed = false
    for (const { from, to } of links)
      if (layer.get(to)! <= layer.get(from)!) {
        layer.set(to, layer.get(from)! + 1)
        changed = true
      }
  }
  const row = new Map<string, number>()
  const taken = new Set<string>()
  for (const id of [...ids].sort((a, b) => layer.get(a)! - layer.get(b)!)) {
    const feeding = links.filter(({ to }) => to === id).map(({ from }) => row.get(from)!)
    let wanted = feeding.length === 0 ? 0 : Math.min(...feeding)
    while (taken.has(`${layer.get(id)}:${wanted}`)) wanted++
    taken.add(`${layer.get(id)}:${wanted}`)
    row.set(id, wanted)
  }
  return new Map(
    ids.map((id) => [
      id,
      {
        x: MARGIN + layer.get(id)! * (BOX_WIDTH + GAP_X),
        y: MARGIN + row.get(id)! * (BOX_HEIGHT + GAP_Y),
      },
    ]),
  )
}

function boxes(
  { id, note, stages }: DrawnIsland,
  colour: string,
  places: ReadonlyMap<string, Place>,
): string[] {
  return stages.map((stage, index) => {
    const { x, y } = places.get(stage.id)!
    const middle = x + BOX_WIDTH / 2
    const name = note === '' ? id : `${id} (${note})`
    const above =
      index === 0
        ? `<text x="${x}" y="${y - PADDING / 2 - 2}" fill="#667" font-size="10">island ${escaped(name)}</text>`
        : ''
    return (
      `  <g>${above}<rect x="${x}" y="${y}" width="${BOX_WIDTH}" height="${BOX_HEIGHT}" rx="6" fill="${colour}" stroke="#556"/>` +
      `<text x="${middle}" y="${y + 19}" text-anchor="middle" font-weight="bold">${escaped(stage.id)}</text>` +
      `<text x="${middle}" y="${y + 34}" text-anchor="middle" fill="#556">${escaped(stage.operator)}</text></g>`
    )
  })
}

function link(from: Place, to: Place, label: string, isEdge: boolean): string {
  const [x1, y1, x2, y2] = [from.x + BOX_WIDTH, from.y + BOX_HEIGHT / 2, to.x, to.y + BOX_HEIGHT / 2]
  const bend = (x2 - x1) / 2
  const path = `M${x1} ${y1} C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`
  const text =
    label === ''
      ? ''
      : `<text x="${x2 - GAP_X / 2}" y="${(y1 + y2) / 2 - 6}" text-anchor="middle" font-size="10" fill="#444">${escaped(label)}</text>`
  return `  <path d="${path}" fill="none" stroke="#444" stroke-width="${isEdge ? 2.5 : 1}" marker-end="url(#arrow)"/>${text}`
}

function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
}
