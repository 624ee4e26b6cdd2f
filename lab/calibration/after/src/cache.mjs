// The cache, through the Redis client. The sample's cache has no TLS; ours has, as that of the steps.

import { createClient } from "@redis/client";
import { logger } from "../../telemetry.mjs";

const KEY = "sample/stadiums";
const SECONDS = 10;

let client;

async function connected({ endpoint, port }) {
    client ??= await createClient({ url: `rediss://${endpoint}:${port}` })
        .on("error", (error) => logger.error("cache", error))
        .connect();
    return client;
}

/** The rows, if they are there. A cache that cannot be asked has none. */
export async function get(settings) {
    try {
        const rows = await (await connected(settings)).get(KEY);
        return rows ? JSON.parse(rows) : undefined;
    } catch (error) {
        logger.error("cache get", error);
        return undefined;
    }
}

/** Keeps the rows for a while. */
export async function set(settings, rows) {
    try {
        await (await connected(settings)).set(KEY, JSON.stringify(rows), { EX: SECONDS, NX: true });
    } catch (error) {
        logger.error("cache set", error);
    }
}
