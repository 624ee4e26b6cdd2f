// The app as its templates, for tests: the real stacks of the real manifests, or of a changed copy of them.

import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { after } from 'node:test';

import { App } from 'aws-cdk-lib';

import { build } from '../lib/app.ts';
import { loadWorkspace, repository, type Workspace } from '../lib/workspace.ts';

export interface Resource {
    readonly Type: string;
    // JSON without a schema.
    readonly Properties: Record<string, any>;
}

export interface StackTemplate {
    readonly Resources: Record<string, Resource>;
    readonly Outputs?: Record<string, { readonly Value: unknown }>;
}

export interface Synthesised {
    readonly workspace: Workspace;
    /** By stack id. */
    readonly templates: ReadonlyMap<string, StackTemplate>;
    readonly names: ReadonlyMap<string, string>;
    /** All stacks that a stack waits for, by ids. */
    readonly dependencies: ReadonlyMap<string, ReadonlySet<string>>;
    /** The files of each function's package. */
    readonly packages: readonly string[][];
}

/** cdk.json's, without the built-in validator: it is slow to start and runs at `npm run synth`. */
const context: Record<string, unknown> = {
    ...(JSON.parse(readFileSync(join(repository, 'infra/cdk.json'), 'utf8')) as { context: object }).context,
    '@aws-cdk/core:validateAgainstDefaultRules': false,
    placeholders: 'true',
};

export function app(settings: Record<string, unknown> = {}): App {
    return new App({ outdir: temporary(), analyticsReporting: false, context: { ...context, ...settings } });
}

export function synthesise(settings: Record<string, unknown> = {}, root = repository): Synthesised {
    // As if nothing were built: a bootstrap in target/lambda/ would be in some templates and not in others.
    const workspace = { ...loadWorkspace(root), target: join(root, 'nothing-is-built') };
    const it = app(settings);
    build(it, workspace);
    const { stacks, directory } = it.synth();
    const dependencies = new Map<string, Set<string>>();
    for (const stack of stacks) {
        const direct = stack.dependencies.map(({ id }) => id).filter((id) => !id.endsWith('.assets'));
        // Stacks come in the order in which they are deployed.
        dependencies.set(stack.id, new Set(direct.flatMap((id) => [id, ...(dependencies.get(id) ?? [])])));
    }
    return {
        workspace,
        templates: new Map(stacks.map((stack) => [stack.id, stack.template as StackTemplate])),
        names: new Map(stacks.map((stack) => [stack.id, stack.stackName])),
        dependencies,
        packages: readdirSync(directory)
            .filter((it) => it.startsWith('asset.'))
            .map((it) => readdirSync(join(directory, it))),
    };
}

/** The resources of one type, in one stack or in all. */
export function resources(of: Synthesised, type: string, stack?: string): Resource[] {
    const templates = stack === undefined ? [...of.templates.values()] : [template(of, stack)];
    return templates.flatMap((it) => Object.values(it.Resources)).filter((it) => it.Type === type);
}

export function only<T>(found: readonly T[]): T {
    const [first] = found;
    if (first === undefined || found.length > 1) throw new Error(`one was expected, not ${found.length}`);
    return first;
}

export function template(of: Synthesised, stack: string): StackTemplate {
    const found = of.templates.get(stack);
    if (found === undefined) throw new Error(`there is no stack ${stack}`);
    return found;
}

/** A copy of what cargo and the app read of the repository, to be changed. */
export function copyOfRepository(): string {
    const copy = temporary();
    const bulk = ['target', 'infra', 'node_modules'];
    for (const name of readdirSync(repository).filter((it) => !it.startsWith('.') && !bulk.includes(it))) {
        const filter = (path: string): boolean => !bulk.includes(basename(path));
        cpSync(join(repository, name), join(copy, name), { recursive: true, filter });
    }
    return copy;
}

/** A folder that is gone after the tests. */
function temporary(): string {
    const folder = mkdtempSync(join(tmpdir(), 'infra-test-'));
    after(() => rmSync(folder, { recursive: true }));
    return folder;
}
