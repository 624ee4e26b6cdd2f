// Logs, metrics and traces of both ends: Powertools, as the sample has them.

import { Logger } from "@aws-lambda-powertools/logger";
import { injectLambdaContext } from "@aws-lambda-powertools/logger/middleware";
import { Metrics } from "@aws-lambda-powertools/metrics";
import { logMetrics } from "@aws-lambda-powertools/metrics/middleware";
import { Tracer } from "@aws-lambda-powertools/tracer";
import { captureLambdaHandler } from "@aws-lambda-powertools/tracer/middleware";
import middy from "@middy/core";

const common = {
    aws_account_id: process.env.AWS_ACCOUNT_ID ?? "N/A",
    aws_region: process.env.AWS_REGION ?? "N/A",
};

export const logger = new Logger({ persistentKeys: common });
export const metrics = new Metrics({ defaultDimensions: common });
export const tracer = new Tracer();

/** Awaits `work` in a subsegment of its own. */
export async function traced(name, work) {
    const parent = tracer.getSegment();
    const segment = parent?.addNewSubsegment(name);
    if (segment) tracer.setSegment(segment);
    try {
        return await work();
    } finally {
        segment?.close();
        if (parent) tracer.setSegment(parent);
    }
}

/** A Lambda handler that answers with what `stadiums` returns, and with 500 where that fails. */
export function handler(stadiums) {
    const answer = async () => {
        tracer.annotateColdStart();
        try {
            const rows = await stadiums();
            logger.info("stadiums retrieved", { details: { total: rows.length } });
            metrics.addMetric("stadiumsRequests", "Count", 1);
            return {
                statusCode: 200,
                headers: { "Content-Type": "application/json" },
                body: JSON.stringify(rows),
            };
        } catch (error) {
            logger.error("the stadiums are not available", error);
            metrics.addMetric("failures", "Count", 1);
            return { statusCode: 500, body: JSON.stringify({ error: "the stadiums are not available" }) };
        }
    };
    return middy(answer)
        .use(captureLambdaHandler(tracer))
        .use(logMetrics(metrics, { captureColdStartMetric: true, throwOnEmptyMetrics: true }))
        .use(injectLambdaContext(logger, { resetKeys: true }));
}
