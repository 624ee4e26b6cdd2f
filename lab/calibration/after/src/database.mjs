// The database, through postgres.js; its connections live as long as the sample's.

import { Signer } from "@aws-sdk/rds-signer";
import postgres from "postgres";

let sql;

/** All rows. */
export async function all({ endpoint, port, name, user }) {
    sql ??= postgres({
        host: endpoint,
        port,
        database: name,
        username: user,
        password: () => new Signer({ hostname: endpoint, port, region: process.env.AWS_REGION, username: user }).getAuthToken(),
        ssl: true,
        idle_timeout: 40,
        max_lifetime: 60 * 3,
        transform: postgres.camel,
    });
    return await sql`SELECT * FROM stadiums ORDER BY id`;
}
