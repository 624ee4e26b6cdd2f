// The settings, from Parameter Store.

import { GetParametersCommand, SSMClient } from "@aws-sdk/client-ssm";
import { logger, tracer } from "../../telemetry.mjs";

const NAMES = ["user", "name", "port", "endpoint"].map((name) => `/stadiums/database/${name}`);

/** How to reach the database. */
export async function read() {
    const client = tracer.captureAWSv3Client(new SSMClient({ region: process.env.AWS_REGION }));
    const { Parameters: parameters } = await client.send(new GetParametersCommand({ Names: NAMES }));
    const settings = Object.fromEntries(parameters.map(({ Name: name, Value: value }) => [name.split("/").pop(), value]));
    logger.info("parameters read", { details: { total: parameters.length } });
    return { ...settings, port: Number(settings.port) };
}
