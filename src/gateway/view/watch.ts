import type { Server } from '../../config/index.ts'
import { reach, type Way } from '../call.ts'
import { withinStartupTimeout } from '../downstream/deadline.ts'
import { findRoute } from '../route.ts'
import { type Edit, removals, splice } from '../wire/json-edit.ts'
import { isObject, sourceOf } from '../wire/json-span.ts'
import { type RequestMessage, type ResponseMessage, textParam } from '../wire/message.ts'
import { TOPICS, type TopicKind } from './topic.ts'
import type { Watches } from './watches.ts'

interface WatchDeps extends Way {
  readonly watches: Watches
  /** Gives what is to be called when the server has got the request, or never will. */
  onItsWay(server: Server): () => void
}

/**
 * One subscription, on record as a call is: from now on news of what the request names come for `holder`, unless there
 * is an error in the server's reply, which is null when it gives none; `unknown` when nobody has it.
 */
export async function watch(
  deps: WatchDeps,
  kind: TopicKind,
  request: RequestMessage,
  holder: object,
): Promise<ResponseMessage | 'unknown' | null> {
  const startedMs = performance.now()
  const name = textParam(request, TOPICS[kind].param)
  const route = findRoute(request, deps)
  if (route === null || name === null) {
    deps.recorder.unknown(request, startedMs, null)
    return 'unknown'
  }
  const topic = { kind, name }
  const arrived = deps.onItsWay(route.server)
  try {
    const link = await reach(deps, route)
    const wish = { topic, key: route.key ?? name, params: ownParams(request, route.edits) }
    const adding = deps.watches.add(link, wish, holder)
    arrived()
    const late = `server ${link.server.id}: the subscription was not answered`
    const reply = await withinStartupTimeout(link.server, adding, late)
    deps.recorder.done(request, route, startedMs, reply?.bytes ?? null)
    return reply
  } catch (error) {
    arrived()
    deps.watches.remove(topic, holder)
    deps.recorder.done(request, route, startedMs, null, error)
    throw error
  }
}

/** As the server gets them: what comes back is one reply, and nothing on the way to it. */
function ownParams({ bytes, params, paramsSpan }: RequestMessage, edits: readonly Edit[]): string {
  const meta = params.get('_meta')
  const untold = isObject(bytes, meta) ? removals(bytes, meta, new Set(['progressToken'])) : []
  const own = splice(bytes, [...edits, ...untold])
  const end = (paramsSpan?.end ?? 0) + own.length - bytes.length
  return paramsSpan === null ? '{}' : sourceOf(own, { start: paramsSpan.start, end })
}
