// The sample's unoptimised end: nothing is kept. Each request asks Parameter Store through a client of its own, and the
// database through an ORM of its own, whose connection it closes.

import { handler as respond, traced } from "../../telemetry.mjs";
import { open } from "./database.mjs";
import { read } from "./parameters.mjs";

async function stadiums() {
    const settings = await traced("parameters", read);
    const database = open(settings);
    try {
        return await traced("query", () => database.stadiums.findAll({ order: ["id"] }));
    } finally {
        await traced("close", () => database.close());
    }
}

export const handler = respond(stadiums);
