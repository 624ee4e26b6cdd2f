// The functions, as the manifests of their crates describe them. A new crate under `steps/` gets its stack without an
// edit in here.

import { execFileSync } from 'node:child_process';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export type Architecture = 'x86_64' | 'arm64';
export type Service = 'parameters' | 'database' | 'cache';

/** A crate that is deployed as a Lambda function. */
export interface Crate {
    /** Folder and binary: `05-elasticache`. */
    readonly name: string;
    /** The package: `step-05-elasticache`. */
    readonly package: string;
    /** The cargo profile that it is built in. */
    readonly profile: string;
    readonly architecture: Architecture;
    /** MiB */
    readonly memory: number;
    /** Seconds. */
    readonly timeout: number;
    /** Whether X-Ray traces it. */
    readonly tracing: boolean;
    /** Its environment variables; a value may be a dynamic reference of CloudFormation, `{{resolve:ssm:NAME}}`. */
    readonly variables: Readonly<Record<string, string>>;
}

/** A crate under `steps/`. */
export interface Step extends Crate {
    /** What its stack is called, without prefixes: `Step05`. */
    readonly id: string;
    readonly title: string;
    /** What it talks to. */
    readonly services: readonly Service[];
    /** Whether the Parameters and Secrets extension is attached. */
    readonly extension: boolean;
}

export interface Workspace {
    /** The folder of the top-level `Cargo.toml`. */
    readonly root: string;
    /** Cargo's folder for what it builds. */
    readonly target: string;
    /** The numbered steps in their order, then the others. */
    readonly steps: readonly Step[];
    /** The function that fills the database. */
    readonly populate: Crate;
}

/** This repository. */
export const repository = resolve(dirname(fileURLToPath(import.meta.url)), '../..');

/** What `cargo metadata` prints, as far as it is read here. */
interface Metadata {
    readonly workspace_root: string;
    readonly target_directory: string;
    readonly packages: readonly Package[];
}

interface Package {
    readonly name: string;
    readonly manifest_path: string;
    readonly targets: readonly { readonly kind: readonly string[]; readonly name: string }[];
    readonly metadata: {
        readonly lambda?: { readonly deploy?: Table };
        readonly step?: Table;
    } | null;
}

type Table = Readonly<Record<string, unknown>>;

/** Asks cargo, which needs neither network nor lock file for this. */
export function loadWorkspace(root = repository): Workspace {
    const json = execFileSync(
        'cargo',
        ['metadata', '--no-deps', '--offline', '--format-version', '1'],
        { cwd: root, encoding: 'utf8', maxBuffer: 1 << 26 },
    );
    const metadata = JSON.parse(json) as Metadata;
    const folder = join(metadata.workspace_root, 'steps') + '/';
    const steps = metadata.packages
        .filter((it) => it.manifest_path.startsWith(folder) && binary(it) !== undefined)
        .map((it) => described(it, step))
        .sort((a, b) => order(a).localeCompare(order(b)));
    for (const [index, { id, name }] of steps.entries()) {
        const twin = steps[index - 1];
        if (twin?.id === id) {
            throw new Error(`${twin.name} and ${name} would both be the stack ${id}: give one another number`);
        }
    }
    const populate = metadata.packages.find((it) => it.name === 'populate');
    if (populate === undefined) {
        throw new Error('the package populate is missing in the workspace');
    }
    return {
        root: metadata.workspace_root,
        target: metadata.target_directory,
        steps,
        populate: described(populate, crate),
    };
}

/** The steps that `names` mean: `5`, `05`, `05-elasticache`, `step-05-elasticache` or `Step05` each. */
export function select(workspace: Workspace, names: readonly string[]): Step[] {
    return names.map((name) => {
        const wanted = name.replace(/^step-/, '');
        const padded = `Step${wanted.padStart(2, '0')}`;
        const found = workspace.steps.find((it) => [it.name, it.id].includes(wanted) || it.id === padded);
        if (found === undefined) {
            const known = workspace.steps.map((it) => it.name).join(', ');
            throw new Error(`there is no step ${name}. The steps are: ${known}`);
        }
        return found;
    });
}

function described<T>(it: Package, read: (it: Package) => T): T {
    try {
        return read(it);
    } catch (error) {
        throw new Error(`${it.manifest_path}: ${(error as Error).message}`);
    }
}

function crate(it: Package): Crate {
    const deploy = it.metadata?.lambda?.deploy ?? {};
    return {
        name: binary(it) ?? it.name,
        package: it.name,
        profile: text(it.metadata?.step ?? {}, 'profile', 'release'),
        architecture: oneOf(it.metadata?.step ?? {}, 'architecture', ['x86_64', 'arm64'], 'x86_64'),
        memory: whole(deploy, 'memory', 128, 10240),
        timeout: whole(deploy, 'timeout', 1, 900),
        tracing: oneOf(deploy, 'tracing', ['active', 'passthrough', 'pass-through'], 'passthrough') === 'active',
        variables: texts(deploy['env'] ?? {}),
    };
}

function step(it: Package): Step {
    const manifest = it.metadata?.step;
    if (manifest === undefined) {
        throw new Error('[package.metadata.step] is missing');
    }
    const { services, extension, title } = manifest;
    const known = ['parameters', 'database', 'cache'];
    if (!Array.isArray(services) || services.some((service) => !known.includes(service as string))) {
        throw new Error(`services must be a list of ${known.join(', ')}`);
    }
    if (typeof extension !== 'boolean' || typeof title !== 'string') {
        throw new Error('[package.metadata.step] needs a title and extension = true or false');
    }
    if (manifest['architecture'] === undefined) {
        throw new Error('[package.metadata.step] needs an architecture: x86_64 or arm64');
    }
    const described = crate(it);
    return { ...described, id: stackId(described.name), title, services: services as Service[], extension };
}

/** `Step05` for `05-elasticache`, `StepFloor` for `floor`. */
function stackId(name: string): string {
    const number = /^(\d+)-/.exec(name)?.[1];
    if (number !== undefined) {
        return `Step${number.padStart(2, '0')}`;
    }
    const words = name.split(/[^A-Za-z0-9]+/);
    return `Step${words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('')}`;
}

function order(step: Step): string {
    return (/\d/.test(step.id) ? '0' : '1') + step.id;
}

function binary(it: Package): string | undefined {
    return it.targets.find((target) => target.kind.includes('bin'))?.name;
}

/** Within Lambda's limits: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
function whole(table: Table, key: string, least: number, most: number): number {
    const value = table[key];
    if (typeof value !== 'number' || !Number.isInteger(value) || value < least || value > most) {
        throw new Error(
            `[package.metadata.lambda.deploy] needs a whole number from ${least} to ${most} for ${key}, ` +
                `not ${JSON.stringify(value)}`,
        );
    }
    return value;
}

function text(table: Table, key: string, otherwise: string): string {
    const value = table[key] ?? otherwise;
    if (typeof value !== 'string') {
        throw new Error(`${key} is ${JSON.stringify(value)} and must be a text`);
    }
    return value;
}

function texts(table: unknown): Record<string, string> {
    const values = Object.entries(table as Table);
    const wrong = values.find(([, value]) => typeof value !== 'string');
    if (wrong !== undefined) {
        throw new Error(`[package.metadata.lambda.deploy.env] needs a text for ${wrong[0]}`);
    }
    return Object.fromEntries(values) as Record<string, string>;
}

function oneOf<T extends string>(table: Table, key: string, allowed: readonly T[], otherwise: T): T {
    const value = table[key] ?? otherwise;
    if (!allowed.includes(value as T)) {
        throw new Error(`${key} is ${JSON.stringify(value)} and must be one of ${allowed.join(', ')}`);
    }
    return value as T;
}
