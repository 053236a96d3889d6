/** What is pinned of a server, as it is remembered: `instructions`, or `tools/NAME`. */
export const INSTRUCTIONS = 'instructions'
const TOOLS = 'tools/'

export function itemOfTool(name: string): string {
  return TOOLS + name
}

/** Null when it is no tool. */
export function toolOf(item: string): string | null {
  return item.startsWith(TOOLS) ? item.slice(TOOLS.length) : null
}
