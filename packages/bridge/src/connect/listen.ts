// connect/listen: the stream on which a server says something of itself, opened as often as it ends.
import { isEventStream, readAnswer, type Place, type Taker } from './answers.ts'
import { RETRY_MS, type Poster } from './poster.ts'
import { Patience } from './server.ts'

/** Resolves with true when the server has forgotten the session. */
export async function listenWhile(
  isOver: () => boolean,
  poster: Poster,
  taker: Taker,
  signal: AbortSignal,
): Promise<boolean> {
  const place: Place = { lastEventId: undefined, retryMs: undefined }
  let patience = new Patience(Infinity)
  let wasOpen = false
  while (!isOver()) {
    const res = await poster.listen(place.lastEventId, signal).catch(() => undefined)
    const status = res?.statusCode
    if (res !== undefined && status === 200 && isEventStream(res)) {
      patience = new Patience(Infinity)
      wasOpen = true
      await readAnswer(res, taker, place)
    } else {
      res?.resume()
      // Some say so too where there never is a stream.
      if (status === 404) return wasOpen && !isOver()
      if (status === 405 || status === 501) return false
    }
    await patience.wait(signal, place.retryMs ?? RETRY_MS)
  }
  return false
}
