// The event of API Gateway's HTTP API, version 2.0, for GET /: what a function of the ladder is invoked with, by whoever
// invokes it without its API. An empty one is no event for lambda_http.

/** https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html, without optional parts. */
export const getEvent = {
    version: '2.0',
    routeKey: 'GET /',
    rawPath: '/',
    rawQueryString: '',
    headers: { accept: '*/*', host: 'tuning.execute-api.us-east-1.amazonaws.com', 'user-agent': 'lambda-power-tuning' },
    requestContext: {
        accountId: '123456789012',
        apiId: 'tuning',
        domainName: 'tuning.execute-api.us-east-1.amazonaws.com',
        domainPrefix: 'tuning',
        http: { method: 'GET', path: '/', protocol: 'HTTP/1.1', sourceIp: '192.0.2.1', userAgent: 'lambda-power-tuning' },
        requestId: 'tuning',
        routeKey: 'GET /',
        stage: '$default',
        time: '01/Jan/2026:00:00:00 +0000',
        timeEpoch: 1767225600000,
    },
    isBase64Encoded: false,
} as const;
