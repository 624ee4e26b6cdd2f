// The settings, from the Parameters and Secrets extension, one request each.

const NAMES = ["database/user", "database/name", "database/port", "database/endpoint", "cache/enabled", "cache/endpoint", "cache/port"];

async function value(name) {
    const port = process.env.PARAMETERS_SECRETS_EXTENSION_HTTP_PORT;
    const answer = await fetch(`http://localhost:${port}/systemsmanager/parameters/get?name=/stadiums/${name}`, {
        headers: { "X-Aws-Parameters-Secrets-Token": process.env.AWS_SESSION_TOKEN },
    });
    if (!answer.ok) throw new Error(`parameter ${name}: ${answer.status} ${answer.statusText}`);
    const { Parameter: parameter } = await answer.json();
    return parameter.Value;
}

/** How to reach the database and the cache. */
export async function read() {
    const values = {};
    for (const name of NAMES) values[name] = await value(name);
    return {
        database: {
            user: values["database/user"],
            name: values["database/name"],
            port: Number(values["database/port"]),
            endpoint: values["database/endpoint"],
        },
        cache: {
            enabled: values["cache/enabled"].toLowerCase() === "true",
            endpoint: values["cache/endpoint"],
            port: Number(values["cache/port"]),
        },
    };
}
