import { HttpError } from "@parley/sdk";

/**
 * Where the socket is. The build carries an empty `/config.json`, which means `/ws` of this very
 * origin; a deployment whose socket lives elsewhere puts its own file there, and the same build
 * serves every environment. Rejects with `HttpError` when it is refused.
 */
export async function socketUrl(): Promise<string> {
  const response = await fetch("/config.json", { cache: "no-cache" });
  if (!response.ok) {
    const words = "Something went wrong on our side. Please try again.";
    throw new HttpError(response.status, null, words);
  }
  const config = (await response.json()) as { websocketUrl?: string };
  if (config.websocketUrl !== undefined) return config.websocketUrl;
  const scheme = location.protocol === "https:" ? "wss:" : "ws:";
  return `${scheme}//${location.host}/ws`;
}
