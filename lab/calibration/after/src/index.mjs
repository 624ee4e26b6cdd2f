// The sample's optimised end: the settings are read once, through the extension; the cache is asked first; connections are
// kept for the environment's life.

import { handler as respond, logger, metrics, traced } from "../../telemetry.mjs";
import { get, set } from "./cache.mjs";
import { all } from "./database.mjs";
import { read } from "./parameters.mjs";

let settings;

async function stadiums() {
    settings ??= await traced("parameters", read);
    logger.info("cache", { details: { enabled: settings.cache.enabled } });
    const cached = settings.cache.enabled ? await traced("cache get", () => get(settings.cache)) : undefined;
    if (cached) return cached;
    const rows = await traced("query", () => all(settings.database));
    // Not awaited, as in the sample: the client has its answer first.
    if (settings.cache.enabled) void set(settings.cache, rows);
    metrics.addMetric("cacheMisses", "Count", 1);
    return rows;
}

export const handler = respond(stadiums);
